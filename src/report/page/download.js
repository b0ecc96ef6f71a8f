// Files that the page writes.
function saveText(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], {type}));
  const link = element("a", {href: address, download: `${result.name || "sparcell"}_${name}`});
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// Texts and numbers as RFC 4180 says; nothing where there is no value.
function csvOf(heads, rows) {
  const field = value => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [heads, ...rows].map(row => row.map(field).join(",")).join("\r\n") + "\r\n";
}
