// The page itself: a template whose places are filled.
#pragma once

#include <string>
#include <string_view>

#include "report/arrays.h"
#include "report/json.h"

namespace sparcell {

/// Text as it may stand between HTML tags and in attributes.
std::string escape_html(std::string_view text);

/// JSON that may stand in a <script> element: no `<` is left that could end it. Bytes that are not UTF-8 are
/// replaced.
std::string json_for_script(const Json& value);

std::string base64(std::string_view bytes);

/// The whole page of a run with its styles, scripts, plotly.js, data and the arrays that these speak of.
std::string report_page(const std::string& title, const Json& data, const Arrays& arrays);

/// The same of a sweep or an ablation.
std::string sweep_page(const std::string& title, const Json& data);

}  // namespace sparcell
