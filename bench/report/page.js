/* global uPlot */
// Draws the charts of the page. It is put into the page as it is, behind uPlot.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const drawn = new Map();
  const heights = { bars: 220, lines: 300 };

  function colors() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    return { ours: of("ours"), peer: of("peer"), text: of("text"), muted: of("muted"), line: of("line") };
  }

  /** Three digits that count, with k and M. */
  function short(value) {
    if (value === null || value === undefined) return "";
    const [divisor, sign] = value >= 999_500 ? [1e6, " M"] : value >= 9_999.5 ? [1e3, " k"] : [1, ""];
    return Number((value / divisor).toPrecision(3)) + sign;
  }

  /** Over a narrow bar two digits have to do. */
  function shorter(value) {
    return value < 100 ? String(Number(value.toPrecision(2))) : short(value);
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  function axisStyle(palette) {
    const font = "12px system-ui, sans-serif";
    const grid = { stroke: palette.line, width: 1 };
    return { stroke: palette.muted, font, grid, ticks: { show: false } };
  }

  /** Ours to the left of the group's middle, the peer's to the right. */
  function barSeries(side, align, palette, place) {
    const paths = uPlot.paths.bars({ size: [0.42, 64], align, gap: 2, each: place });
    return {
      label: side,
      fill: palette[side],
      stroke: palette[side],
      width: 0,
      points: { show: false },
      paths,
    };
  }

  function bars(chart, palette) {
    const sides = ["ours", "peer"].filter((side) => chart.groups.some((group) => group[side].length > 0));
    const columns = sides.map((side) => {
      return chart.groups.map((group) => (group[side].length > 0 ? median(group[side]) : null));
    });
    const top = Math.max(...chart.groups.flatMap((group) => [...group.ours, ...group.peer]));
    const places = [];
    const place = (_plot, series, index, left, barTop, width) => {
      places.push({ side: sides[series - 1], index, middle: left + width / 2, top: barTop });
    };
    const options = {
      legend: { show: false },
      cursor: { show: false },
      padding: [4, 8, 0, 0],
      scales: {
        x: { time: false, range: [-0.5, chart.groups.length - 0.5] },
        y: { range: [0, top * 1.2] },
      },
      axes: [
        {
          ...axisStyle(palette),
          grid: { show: false },
          size: 24,
          splits: chart.groups.map((_, i) => i),
          values: chart.groups.map((group) => group.label),
        },
        { ...axisStyle(palette), size: 56, values: (_plot, splits) => splits.map(short) },
      ],
      series: [
        {},
        ...sides.map((side, i) => {
          return barSeries(side, sides.length === 1 ? 0 : i === 0 ? -1 : 1, palette, place);
        }),
      ],
      hooks: {
        drawClear: [
          () => {
            places.length = 0;
          },
        ],
        draw: [
          (plot) => {
            for (const each of places) drawSpread(plot, each, chart.groups, palette);
          },
        ],
      },
    };
    return { options, data: [chart.groups.map((_, i) => i), ...columns] };
  }

  /** The whisker from the least to the greatest value, and the median in words above it. */
  function drawSpread(plot, { side, index, middle }, groups, palette) {
    const values = groups[index][side];
    const y = (value) => plot.valToPos(value, "y", true);
    const [low, high] = [y(Math.min(...values)), y(Math.max(...values))];
    const { ctx } = plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = palette.text;
    ctx.lineWidth = 1.25 * scale;
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    ctx.moveTo(middle, low);
    ctx.lineTo(middle, high);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillStyle = side === "ours" ? palette.text : palette.muted;
    ctx.font = `${side === "ours" ? 600 : 400} ${12 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    const label = groups.length > 2 && plot.width < 400 ? shorter : short;
    ctx.fillText(label(median(values)), middle, high - 6 * scale);
    ctx.restore();
  }

  /** The last x at which every line has a point. */
  function lastOfAll(data) {
    return data[0].findLastIndex((_, i) =>
      data.every((column) => column[i] !== null && column[i] !== undefined),
    );
  }

  function powersOfTen(_plot, _axis, min, max) {
    const [first, last] = [Math.ceil(Math.log10(min)), Math.floor(Math.log10(max))];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
  }

  function lines(chart, palette) {
    const tables = chart.lines.map(({ points }) => [points.map(([x]) => x), points.map(([, y]) => y)]);
    const data = uPlot.join(tables);
    const isLogX = chart.xScale === "log";
    const isLogY = chart.yScale === "log";
    const top = Math.max(...chart.lines.flatMap(({ points }) => points.map(([, y]) => y)));
    const isSparse = data[0].length <= 12;
    const options = {
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      legend: {
        markers: { width: 2, dash: (_plot, i) => (chart.lines[i - 1]?.isDashed ? "dashed" : "solid") },
      },
      padding: [10, 16, 0, 0],
      scales: {
        x: { time: false, distr: isLogX ? 3 : 1 },
        y: isLogY ? { distr: 3 } : { range: [0, top * 1.1] },
      },
      axes: [
        {
          ...axisStyle(palette),
          size: 32,
          space: 90,
          ...(isLogX && { splits: () => data[0], filter: (_plot, splits) => splits }),
          values: (_plot, splits) => splits.map(short),
        },
        {
          ...axisStyle(palette),
          size: 56,
          ...(isLogY && { splits: powersOfTen }),
          values: (_plot, splits) => splits.map(short),
        },
      ],
      series: [
        { label: chart.xLabel, value: (_plot, x) => short(x) },
        ...chart.lines.map(({ side, label, isDashed }) => ({
          label,
          stroke: palette[side],
          width: 2,
          dash: isDashed ? [6, 5] : [],
          spanGaps: true,
          points: { show: isSparse, size: 6, fill: palette[side] },
          value: (_plot, y) => short(y),
        })),
      ],
      // Until somebody points at the chart, the legend shows where the lines end.
      hooks: { ready: [(plot) => plot.setLegend({ idx: lastOfAll(data) })] },
    };
    return { options, data };
  }

  function draw(element) {
    const chart = charts[Number(element.dataset.chart)];
    const { options, data } = (chart.kind === "bars" ? bars : lines)(chart, colors());
    drawn.get(element)?.destroy();
    const size = { width: element.clientWidth, height: heights[chart.kind] };
    drawn.set(element, new uPlot({ ...size, ...options }, data, element));
  }

  const elements = [...document.querySelectorAll("[data-chart]")];
  for (const element of elements) draw(element);
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = drawn.get(target);
      if (plot.width !== target.clientWidth) plot.setSize({ width: target.clientWidth, height: plot.height });
    }
  });
  for (const element of elements) resized.observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => elements.forEach(draw));
})();
