// Columns of a table by whose they are: `ae_mse` is a value of ae. Names are those of models and baselines; the longest that fits owns a column.
function columnsByOwner(names) {
  const owners = [...Object.keys(result.models ?? {}), ...Object.keys(result.baselines ?? {})].sort((a, b) => b.length - a.length);
  const found = new Map();
  for (const name of names) {
    const owner = owners.find(owner => name.startsWith(`${owner}_`)) ?? "";
    if (!found.has(owner)) found.set(owner, []);
    found.get(owner).push({name, key: owner ? name.slice(owner.length + 1) : name});
  }
  return found;
}

// Models first, each with a button; `show` is called with the columns of the chosen one.
function ownerChoice(found, show) {
  const known = Object.keys(result.models ?? {});
  const owners = [...found.keys()].filter(Boolean).sort((a, b) => known.includes(b) - known.includes(a));
  const draw = owner => show(found.get(owner) ?? [], owner);
  draw(owners[0]);
  return owners.length < 2 ? null : element("div", {class: "controls"}, choice("Model or baseline", owners.map(owner => ({value: owner, title: owner})), owners[0], draw));
}

// What the registry calls a key, or its words.
function titleOf(key, known = {}) { return known[key] ?? data.metrics.find(metric => metric.key === key)?.label ?? words(key); }
function noteOf(key) { return data.metrics.find(metric => metric.key === key)?.definition || null; }
