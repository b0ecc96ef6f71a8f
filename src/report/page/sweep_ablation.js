// The ablation: what each arm changes, by how much it differs from the reference, and which differences are shown.
function drawAblation() {
  if (!data.ablation || data.differences.length === 0) return remove("ablation");
  const metrics = [...new Set(data.differences.map(difference => difference.metric))];
  const choice = element("select", {}, ...metrics.map(metric => element("option", {selected: metric === data.metric}, metric)));
  byId("ablation-controls").append(element("label", {}, "Metric ", choice));
  const chosen = () => data.differences.filter(difference => difference.metric === choice.value);
  const made = figure(byId("ablation-figure"), {name: "ablation-bars", title: "Arm minus reference",
    caption: "Bars are the mean difference over seeds, whiskers its 95 % interval; with one seed there is none. Grey bars show no difference.", draw: () => ablationBars(chosen())});
  const table = () => byId("ablation-table").replaceChildren(sortableTable({caption: choice.value, rows: chosen(), pageSize: 50, columns: [
    {title: "Arm", value: row => row.arm, text: true},
    {title: "Changes", value: row => changesOf(row.arm), text: true},
    {title: "Reference", value: row => row.reference},
    {title: "Difference", value: row => row.difference},
    {title: "95 % from", value: row => row.low},
    {title: "95 % to", value: row => row.high},
    {title: "Seeds", value: row => row.seeds, cell: row => row.seeds_text}]}));
  const intervals = data.differences.filter(({low}) => low !== null).length;
  byId("ablation-note").textContent = intervals === 0 ? "" : `Each of ${count(intervals, "interval")} (arms × metrics) is one comparison by itself: where nothing differs, one of twenty leaves zero out by chance. `
    + "They speak of the spread between runs on the same data, not of other cells.";
  choice.addEventListener("change", () => { made.redraw(); table(); });
  table();
}

function ablationBars(differences) {
  const c = colours();
  const rows = [...differences].reverse();  // plotly draws from the bottom
  const whiskers = end => rows.map(row => row[end] === null ? 0 : Math.abs(row[end] - row.difference));
  return {traces: [{type: "bar", orientation: "h", y: rows.map(row => plain(row.arm)), x: rows.map(row => row.difference),
                    marker: {color: rows.map(row => sideOf(row) === 0 ? c.faint : c.series[0])}, error_x: {type: "data", symmetric: false, array: whiskers("high"), arrayminus: whiskers("low"), color: c.ink},
                    customdata: rows.map(row => row.seeds), hovertemplate: "%{y}: %{x:.5g} (%{customdata} seeds)<extra></extra>"}],
          layout: baseLayout({height: 120 + 34 * rows.length, showlegend: false, xaxis: axis("difference", {zeroline: true, zerolinecolor: c.soft}),
                              yaxis: axis("", {ticks: ""})})};
}

function changesOf(arm) { return (data.changes[arm] ?? []).join(", "); }

// 1 and -1 where the whole interval lies above or below zero, else 0.
function sideOf({low, high}) { return low !== null && low > 0 ? 1 : high !== null && high < 0 ? -1 : 0; }

// What the arms do to the metric that ranks, in words.
function ablationSentences() {
  const differences = data.differences.filter(({metric}) => metric === data.metric);
  const arms = (side, signed) => differences.filter(row => sideOf(row) * (data.smaller_is_better ? -1 : 1) === side)
    .map(row => signed ? `${row.arm} (${row.difference > 0 ? "+" : ""}${format(row.difference)})` : row.arm).join(", ");
  const sentences = [["Better than the reference", arms(1, true)], ["Worse than the reference", arms(-1, true)], ["No difference shown", arms(0, false)]]
    .filter(([, names]) => names).map(([title, names]) => `${title}: ${names}.`);
  return differences.length > 0 && differences.every(row => row.low === null) ? ["One seed has no interval: nothing tells its differences from chance."] : sentences;
}
