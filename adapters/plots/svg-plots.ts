// Draws plots as SVG text by ECharts, without a browser. The same input gives the same text, byte for byte.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Plot, PlotItem, Plots } from '../../ports/plots.ts';
import { finishedSvg, ROLES } from './svg-text.ts';
import { compactNumber, wholeNumber } from './number-text.ts';

use([BarChart, LineChart, GridComponent, SVGRenderer]);

export const svgPlots: Plots = { bars, changes, line, histogram };

const BAR_ROW = 26;
const LABEL_GAP = 8;
const UPRIGHT_HEIGHT = 220;
/** A plot this wide or wider has room for long labels. */
const WIDE = 560;
const FONT = { fontSize: 12, color: ROLES.ink };
const AXIS = {
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: ROLES.grid } },
  axisLabel: { ...FONT, color: ROLES.muted, formatter: compactNumber, hideOverlap: true },
};

/** Labels are drawn as the numbers of items, and replaced by their text afterwards: hostile text never meets the library. */
const LABELS = { ...FONT, interval: 0, formatter: (index: string) => `@${index}@` };

function bars(plot: Plot): string {
  return acrossChart(plot, {
    color: () => ROLES.bar,
    label: ({ value }) => wholeNumber(value),
    side: () => 'right',
    room: { left: 4, right: 64 },
  });
}

function changes(plot: Plot): string {
  return acrossChart(plot, {
    color: ({ value }) => (value < 0 ? ROLES.fall : ROLES.rise),
    label: ({ value }) => (value > 0 ? `+${wholeNumber(value)}` : wholeNumber(value)),
    side: ({ value }) => (value < 0 ? 'left' : 'right'),
    room: { left: 60, right: 60 },
  });
}

interface AcrossStyle {
  color(item: PlotItem): string;
  label(item: PlotItem): string;
  side(item: PlotItem): 'left' | 'right';
  /** Pixels for the numbers at the ends of the bars. */
  room: { left: number; right: number };
}

function acrossChart(plot: Plot, style: AcrossStyle): string {
  const names = plot.width >= WIDE ? 190 : 116;
  const height = plot.items.length * BAR_ROW + 26;
  return drawn(plot, height, names - LABEL_GAP - 6, {
    grid: { left: names + style.room.left, right: style.room.right, top: 4, bottom: 22 },
    xAxis: { type: 'value', ...AXIS, splitNumber: plot.width >= WIDE ? 5 : 2, minInterval: 1 },
    yAxis: {
      type: 'category',
      inverse: true,
      data: plot.items.map((_, index) => String(index)),
      axisLine: { show: false, onZero: false },
      axisTick: { show: false },
      axisLabel: { ...LABELS, margin: style.room.left + LABEL_GAP },
    },
    series: [
      {
        type: 'bar',
        barWidth: 15,
        data: plot.items.map((item) => ({
          value: item.value,
          itemStyle: { color: style.color(item), borderRadius: item.value < 0 ? [2, 0, 0, 2] : [0, 2, 2, 0] },
          label: { show: true, position: style.side(item), formatter: () => style.label(item), ...FONT },
        })),
      },
    ],
  });
}

function line(plot: Plot): string {
  const count = plot.items.length;
  const step = Math.ceil(count / (plot.width >= WIDE ? 10 : 5));
  return drawn(plot, UPRIGHT_HEIGHT, 80, {
    grid: { left: 46, right: 24, top: 12, bottom: 28 },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: plot.items.map((_, index) => String(index)),
      axisLine: { lineStyle: { color: ROLES.grid } },
      axisTick: { show: false },
      // Counted from the last one, which is what people look at first.
      axisLabel: { ...LABELS, color: ROLES.muted, interval: (index: number) => (count - 1 - index) % step === 0 },
    },
    yAxis: { type: 'value', ...AXIS, splitNumber: 4, minInterval: 1 },
    series: [
      {
        type: 'line',
        clip: false,
        showSymbol: true,
        symbol: 'circle',
        // Dots in a long line would hide it; they stay there to be pointed at.
        symbolSize: count <= 31 ? 6 : 3,
        lineStyle: { color: ROLES.bar, width: 2 },
        itemStyle: { color: ROLES.bar },
        areaStyle: { color: ROLES.area },
        data: plot.items.map(({ value }) => value),
      },
    ],
  });
}

function histogram(plot: Plot): string {
  return drawn(plot, UPRIGHT_HEIGHT, 90, {
    grid: { left: 46, right: 8, top: 24, bottom: 28 },
    xAxis: {
      type: 'category',
      data: plot.items.map((_, index) => String(index)),
      axisLine: { lineStyle: { color: ROLES.grid } },
      axisTick: { show: false },
      axisLabel: { ...LABELS, color: ROLES.muted },
    },
    yAxis: { type: 'value', ...AXIS, splitNumber: 4, minInterval: 1 },
    series: [
      {
        type: 'bar',
        barCategoryGap: '6%',
        // Two buckets would be two walls.
        barMaxWidth: 120,
        itemStyle: { color: ROLES.bar, borderRadius: [2, 2, 0, 0] },
        label: {
          ...FONT,
          show: true,
          position: 'top',
          formatter: ({ value }: { value: number }) => (plot.width >= WIDE ? wholeNumber : compactNumber)(value),
        },
        data: plot.items.map(({ value }) => value),
      },
    ],
  });
}

function drawn(plot: Plot, height: number, labelPixels: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: plot.width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    return finishedSvg(chart.renderToSVGString(), plot, { height, labelPixels });
  } finally {
    chart.dispose();
  }
}
