// Plots as a report asks for them: a port, drawn by adapters/plots. Each gives one <svg> element that stands by itself.

/** How wide the plot is in CSS pixels: letters keep their size, so a narrow one is drawn anew and not shrunk. */
export type PlotWidth = number;

export interface PlotItem {
  /** Text as given; the plot escapes it, and shortens it when it is long. */
  label: string;
  value: number;
  /** More words shown beside label and value when pointed at. */
  note?: string;
}

export interface Plot {
  items: PlotItem[];
  width: PlotWidth;
  /** What is to be seen, for those who do not see it. */
  description: string;
}

export interface Plots {
  /** One bar an item, from top to bottom. */
  bars(plot: Plot): string;
  /** One bar an item to either side of zero, from top to bottom. */
  changes(plot: Plot): string;
  /** A line over items that follow one another, such as days. */
  line(plot: Plot): string;
  /** Upright bars without gaps: items are buckets that follow one another. */
  histogram(plot: Plot): string;
}
