// Lines of equal height on a grid of values. plotly.js draws its own below points that WebGL draws, so ours are traces of lines.

// Of z (rows by columns, one after the other) at places x and y: {x, y} with null between two lines.
function contourLines(z, x, y, level) {
  const columns = x.length, places = new Map(), neighbours = new Map();
  const join = (a, b) => { for (const [from, to] of [[a, b], [b, a]]) neighbours.set(from, [...neighbours.get(from) ?? [], to]); };
  for (let row = 0; row + 1 < y.length; ++row) {
    for (let column = 0; column + 1 < columns; ++column) {
      const crossings = crossedEdges(z, columns, row, column, level);
      for (const {edge, from, to, share} of crossings) {
        const between = (at, a, b) => at[a] + share * (at[b] - at[a]);
        places.set(edge, [between(x, from % columns, to % columns), between(y, Math.floor(from / columns), Math.floor(to / columns))]);
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) join(crossings[i].edge, crossings[i + 1].edge);
    }
  }
  return walked(places, neighbours);
}

// The edges of a cell of the grid that the level crosses, in the order around it: two, or four at a saddle.
function crossedEdges(z, columns, row, column, level) {
  const corner = row * columns + column;
  const corners = [corner, corner + 1, corner + columns + 1, corner + columns];
  return corners.flatMap((a, i) => {
    const b = corners[(i + 1) % 4], from = Math.min(a, b), to = Math.max(a, b);
    return z[from] < level === z[to] < level ? [] : [{edge: `${from} ${to}`, from, to, share: (level - z[from]) / (z[to] - z[from])}];
  });
}

// From crossing to crossing: lines that leave the grid from their ends, then closed ones.
function walked(places, neighbours) {
  const line = {x: [], y: []}, left = new Set(neighbours.keys());
  const add = edge => { const [x, y] = edge === null ? [null, null] : places.get(edge); line.x.push(x); line.y.push(y); };
  const ends = [...left].filter(edge => neighbours.get(edge).length === 1);
  for (const start of [...ends, ...left]) {
    if (!left.has(start)) continue;
    for (let edge = start; edge !== undefined; edge = neighbours.get(edge).find(next => left.has(next))) {
      left.delete(edge);
      add(edge);
    }
    if (neighbours.get(start).length === 2) add(start);
    add(null);
  }
  return line;
}
