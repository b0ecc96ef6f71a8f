#include "report/page.h"

#include "report/assets.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

// In the order in which they run.
constexpr const char* scripts_of_run[] = {
    "base.js",         "theme.js",         "arrays.js",       "figure.js",      "panels.js",
    "download.js",     "table.js",         "head.js",         "comparison.js",  "verdicts.js",
    "training.js",     "cells.js",         "cell_colours.js", "cell_panels.js", "owners.js",
    "predictions.js",  "perturbations.js", "contours.js",     "generated.js",   "totals.js",
    "correlations.js", "genes.js",         "gene_table.js",   "run.js",         "cost.js",
    "main.js"};
constexpr const char* scripts_of_sweep[] = {
    "base.js",  "theme.js",          "figure.js",           "panels.js", "download.js",
    "table.js", "sweep_ablation.js", "sweep_parameters.js", "sweep.js"};

std::string filled(std::string_view rest, const std::string& title, const Json& data,
                   const std::string& arrays, const std::string& script) {
  std::string page;
  for (std::size_t open; (open = rest.find("{{")) != std::string_view::npos;) {
    const std::size_t close = rest.find("}}", open);
    const std::string_view place = rest.substr(open + 2, close - open - 2);
    page += rest.substr(0, open);
    if (place == "title") {
      page += escape_html(title);
    } else if (place == "style") {
      page += asset("style.css");
    } else if (place == "data") {
      page += json_for_script(data);
    } else if (place == "plotly") {
      page += base64(asset("plotly.js.gz"));
    } else if (place == "arrays") {
      page += arrays;
    } else if (place == "script") {
      page += script;
    } else {
      throw InternalError("the page has a place `{}` that nothing fills", place);
    }
    rest.remove_prefix(close + 2);
  }
  page += rest;
  return page;
}

template <class Names>
std::string joined(const Names& names) {
  std::string script;
  for (const char* name : names) script += asset(name);
  return script;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string json_for_script(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";  // `<` stands in strings only
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 3; ++b)
      word = word << 8 | (b < count ? static_cast<unsigned char>(bytes[i + b]) : 0u);
    for (std::size_t d = 0; d < 4; ++d) text += d <= count ? digits[word >> (18 - 6 * d) & 63] : '=';
  }
  return text;
}

std::string report_page(const std::string& title, const Json& data, const Arrays& arrays) {
  return filled(asset("page.html"), title, data, base64(arrays.packed()), joined(scripts_of_run));
}

std::string sweep_page(const std::string& title, const Json& data) {
  return filled(asset("sweep.html"), title, data, "", joined(scripts_of_sweep));
}

}  // namespace sparcell
