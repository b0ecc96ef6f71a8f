// Tables that sort by a press on their header, filter by text, show a page of rows at a time and are saved as CSV. On paper nobody can turn
// pages: all rows are there, but for tables as long as those of genes.
const mostPrintedRows = 300;

// columns: [{title, value: row => ..., text: bool, note, cell: row => element, where it shows more than its value}]; `label` names a table to
// those who do not see it and `caption` to all; `saved` is the name of the file with the rows that the filter leaves, in their order.
function sortableTable({caption, label = caption, columns, rows, filterBy, filterLabel, saved, pageSize = 25, sortBy = null, descending = false, wide = false}) {
  const digits = columns.map(column => decimals(rows.map(column.value)));
  const state = {sortBy, descending, filter: "", page: 0};
  const body = element("tbody");
  const heads = columns.map((column, index) => {
    const button = element("button", {type: "button", title: column.note, onclick: () => {
      state.descending = state.sortBy === index ? !state.descending : !column.text;
      state.sortBy = index;
      state.page = 0;
      show();
    }}, breakable(column.title));
    return element("th", {scope: "col", class: column.text ? "text" : column.line ? "line" : null}, button);
  });
  const status = element("span", {role: "status"});
  const previous = element("button", {type: "button", onclick: () => { --state.page; show(); }}, "Previous");
  const next = element("button", {type: "button", onclick: () => { ++state.page; show(); }}, "Next");
  const filter = element("input", {type: "search", oninput: event => {
    state.filter = event.target.value.trim().toLowerCase();
    state.page = 0;
    show();
  }});
  const save = element("button", {type: "button", class: "save", onclick: () =>
    saveText(`${saved}.csv`, csvOf(columns.map(column => column.saved ?? column.title), matching().map(row => columns.map(column => column.value(row)))), "text/csv")}, "Save as CSV");

  function matching() {
    const found = state.filter ? rows.filter(row => String(filterBy(row)).toLowerCase().includes(state.filter)) : [...rows];
    if (state.sortBy !== null) found.sort(order(columns[state.sortBy].value, state.descending));
    return found;
  }

  function cell(row, column, index) {
    const content = column.cell?.(row) ?? format(column.value(row), digits[index]);
    return index === 0 ? element("th", {scope: "row"}, content) : element("td", {class: column.text ? `text ${column.class?.(row) ?? ""}`.trim() : null}, content);
  }

  function show() {
    const found = matching();
    const size = printing() && found.length <= mostPrintedRows ? Math.max(1, found.length) : pageSize;
    const pages = Math.max(1, Math.ceil(found.length / size));
    const page = Math.min(state.page, pages - 1), first = page * size;
    if (!printing()) state.page = page;
    body.replaceChildren(...found.slice(first, first + size).map(row => element("tr", {}, ...columns.map((column, index) => cell(row, column, index)))));
    heads.forEach((head, index) => {
      if (index === state.sortBy) head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    status.textContent = found.length === 0 ? "No row matches" :
      `${format(first + 1)}–${format(Math.min(first + size, found.length))} of ${format(found.length)}`;
    previous.disabled = page === 0;
    next.disabled = page + 1 >= pages;
  }
  show();
  if (rows.length > pageSize) printListeners.push(() => { if (body.isConnected) show(); });
  const table = element("table", {class: wide ? "paged wide" : "paged"}, caption ? element("caption", {}, caption) : null, element("thead", {}, element("tr", {}, ...heads)), body);
  const many = rows.length > pageSize;
  return element("div", {},
                 filterBy ? element("div", {class: "controls"}, element("label", {}, filterLabel, filter)) : null,
                 element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": label}, table),
                 element("div", {class: "pager"}, ...(many ? [previous, next] : []), status, saved ? save : null));
}

// Missing values stand last, whichever the direction.
function order(value, descending) {
  const sign = descending ? -1 : 1;
  const missing = x => x === null || x === undefined || Number.isNaN(x);
  return (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (missing(x) || missing(y)) return missing(x) === missing(y) ? 0 : missing(x) ? 1 : -1;
    return sign * (typeof x === "string" ? x.localeCompare(y, "en", {numeric: true}) : x - y);
  };
}
