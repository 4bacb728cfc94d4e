// How a report looks. System fonts, no pictures; plots take their colours from here, so that dark is dark.

export const PAGE_STYLE = `
:root {
  --ink: #1c2129; --muted: #5d6675; --paper: #f6f7f9; --card: #ffffff; --line: #e2e5ea; --accent: #2f5fc4;
  --warn-ink: #6b4700; --warn-paper: #fff5dd; --warn-line: #efd59a;
  --plot-ink: #24292f; --plot-muted: #6b7280; --plot-grid: #e2e5ea; --plot-bar: #3b6fd4; --plot-area: #e4ecfb;
  --plot-rise: #2f8f5b; --plot-fall: #c2513d;
}
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6e9ef; --muted: #9aa4b5; --paper: #12151b; --card: #1a1f28; --line: #2c3340; --accent: #8fb1f7;
  --warn-ink: #f6dda3; --warn-paper: #33290f; --warn-line: #5d4b1c;
  --plot-ink: #dfe3ea; --plot-muted: #9aa4b5; --plot-grid: #2c3340; --plot-bar: #6f9bf0; --plot-area: #22304d;
  --plot-rise: #56b985; --plot-fall: #e27c68;
} }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 32px 20px 48px; max-width: 940px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang TC", "Noto Sans TC", "Noto Sans CJK TC", "Microsoft JhengHei", sans-serif;
  -webkit-text-size-adjust: 100%;
}
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 21px; line-height: 1.3; overflow-wrap: anywhere; }
h3 { margin: 0 0 10px; font-size: 15px; line-height: 1.4; }
p { margin: 8px 0; }
.lead, figcaption, footer, .fingerprint, small { color: var(--muted); }
.lead { margin: 6px 0 0; }
nav { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 18px; }
nav a {
  padding: 4px 14px; border: 1px solid var(--line); border-radius: 999px; background: var(--card);
  color: var(--accent); text-decoration: none; font-size: 14px; font-weight: 600;
}
nav a:hover, nav a:focus-visible { border-color: var(--accent); }
section, .facts {
  margin: 20px 0 0; padding: 22px 24px; border: 1px solid var(--line); border-radius: 12px; background: var(--card);
}
section { scroll-margin-top: 12px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 12px 24px; padding: 18px 24px; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 16px; margin: 18px 0 4px; }
.figures span, .figures small { display: block; font-size: 13px; color: var(--muted); }
.figures strong { display: block; font-size: 26px; line-height: 1.25; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
figure { margin: 28px 0 0; }
figcaption { margin-top: 6px; font-size: 13px; }
figure svg { display: block; width: 100%; height: auto; }
details { margin-top: 8px; font-size: 13px; }
summary { width: fit-content; color: var(--accent); cursor: pointer; }
details table { width: auto; min-width: 280px; }
figure text { unicode-bidi: isolate; font-family: inherit; }
.narrow { display: none; }
h3.part { margin-top: 28px; }
.scroll { overflow-x: auto; margin: 0 -4px; padding: 0 4px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { padding: 6px 10px; border-bottom: 1px solid var(--line); color: var(--muted); font-size: 13px; font-weight: 600; text-align: left; }
td, tbody th { padding: 7px 10px; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; min-width: 72px; }
tbody th { color: var(--ink); font-size: 14px; font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child { padding-left: 0; }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.warning {
  margin: 14px 0; padding: 10px 14px; border: 1px solid var(--warn-line); border-radius: 8px;
  background: var(--warn-paper); color: var(--warn-ink); font-size: 14px;
}
.fingerprint { margin: 18px 0 0; font-size: 12px; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 24px; font-size: 13px; }
@media (max-width: 640px) {
  body { padding: 20px 12px 32px; }
  h1 { font-size: 23px; }
  section, .facts { padding: 16px; border-radius: 10px; }
  .wide { display: none; }
  .narrow { display: block; }
  .figures { grid-template-columns: 1fr 1fr; }
  tbody th { min-width: 116px; }
  .figures strong { font-size: 22px; }
}
@media print {
  :root {
    --ink: #000; --muted: #444; --paper: #fff; --card: #fff; --line: #ccc; --accent: #000;
    --warn-ink: #000; --warn-paper: #fff; --warn-line: #666;
    --plot-ink: #000; --plot-muted: #444; --plot-grid: #ddd; --plot-bar: #3b6fd4; --plot-area: #e4ecfb;
    --plot-rise: #2f8f5b; --plot-fall: #c2513d;
  }
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav, details { display: none; }
  .wide { display: block; }
  .narrow { display: none; }
  section { border: 0; border-radius: 0; padding: 0; break-before: page; }
  section:first-of-type { break-before: auto; }
  .facts { border-radius: 0; padding: 10px 0; border-width: 1px 0; }
  figure, tr, .figures, .warning { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  thead { display: table-header-group; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
