#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <regex>

#include "report/page.h"
#include "run_sample.h"
#include "sparcell/report.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Log quiet() {
  return Log([](auto, const std::string&) {});
}

std::string report_of(const TemporaryFolder& folder, const RunSample& run,
                      const ReportOptions& options = {}) {
  write_run(folder.path().string(), run);
  Log log = quiet();
  write_report(folder.path().string(), folder / "report.html", options, log);
  return file_bytes(folder / "report.html");
}

// What stands in the <script> element of that id; the first end tag ends it, as in a browser.
std::string element_text(const std::string& page, const std::string& id) {
  const std::string opening = "id=\"" + id + "\">";
  const std::size_t start = page.find(opening) + opening.size();
  return page.substr(start, page.find("</script", start) - start);
}

Json data_of(const std::string& page) { return Json::parse(element_text(page, "data")); }

// Decoded digit by digit, as RFC 4648 describes it.
std::string decoded(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
    held += 6;
    if (held >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 255);
  }
  return bytes;
}

std::string unzipped(const std::string& path) {
  std::string text(std::size_t{16} << 20, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  text.resize(
      static_cast<std::size_t>(std::max(0, gzread(file, text.data(), static_cast<unsigned>(text.size())))));
  gzclose(file);
  return text;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ReportPage, CarriesTheNumbersOfResultJson) {
  const TemporaryFolder folder;
  const Json data = data_of(report_of(folder, {}));
  EXPECT_EQ(data["result"], Json::parse(file_bytes(folder / "result.json")));
  EXPECT_EQ(data["config"], file_bytes(folder / "config.yaml"));
  EXPECT_EQ(data["provenance"], Json::parse(file_bytes(folder / "provenance.json")));
  EXPECT_EQ(data["version"], "0.9.9");
}

TEST(ReportPage, ANumberKeepsAllItsDigits) {
  const TemporaryFolder folder;
  Json result = result_of({});
  result["models"]["ae"]["test"]["mse"] = 0.12345678901234567;
  Log log = quiet();
  write_report(folder.path().string(), result, folder / "report.html", {}, log);
  const Json data = data_of(file_bytes(folder / "report.html"));
  EXPECT_EQ(data["result"]["models"]["ae"]["test"]["mse"].get<double>(), 0.12345678901234567);
}

TEST(ReportPage, HoldsNothingThatABrowserWouldFetch) {
  const TemporaryFolder folder;
  std::string page = report_of(folder, {});
  for (const char* packed : {"plotly", "arrays"})
    page.erase(page.find(element_text(page, packed)), element_text(page, packed).size());
  std::string addresses;
  const std::regex fetching(
      R"((src|href|action|poster|srcset)\s*=\s*["']?(?!#)[^\s"'>]+|@import|url\(|https?:[^"'\s]*|<link|<iframe|<object|<embed)");
  for (std::sregex_iterator found(page.begin(), page.end(), fetching), end; found != end; ++found)
    addresses += found->str() + "\n";
  // A name of XML, not an address.
  EXPECT_EQ(addresses, "http://www.w3.org/2000/svg\n");
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportPage, PlotlyIsEmbeddedGzipped) {
  const TemporaryFolder folder;
  write_bytes(folder / "plotly.js.gz", decoded(element_text(report_of(folder, {}), "plotly")));
  EXPECT_TRUE(unzipped(folder / "plotly.js.gz") == file_bytes(SPARCELL_PLOTLY_JS));
}

TEST(ReportPage, ArraysAreEmbeddedGzipped) {
  const TemporaryFolder folder;
  const std::string page = report_of(folder, {});
  write_bytes(folder / "arrays.gz", decoded(element_text(page, "arrays")));
  const std::string bytes = unzipped(folder / "arrays.gz");
  const Json split = data_of(page)["cells"]["split"];  // one byte a cell: its code + 1
  const std::string codes = bytes.substr(split["at"], split["count"]);
  ASSERT_EQ(codes.size(), 60u);
  for (std::size_t cell = 0; cell < codes.size(); ++cell)
    EXPECT_EQ(codes[cell], static_cast<char>(1 + cell % 2));
}

TEST(ReportPage, NamesAreNeverMarkup) {
  for (const std::string name :
       {"</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>",
        "{{data}} {{title}}", "a \"b\" 'c' & d", "größe\u2028\u2029"}) {
    const TemporaryFolder folder;
    RunSample run;
    run.name = run.perturbation = run.gene = name;
    const std::string page = report_of(folder, run);
    EXPECT_EQ(occurrences(page, "<script"), 4u) << name;
    EXPECT_EQ(occurrences(page, "</script"), 4u) << name;
    EXPECT_THAT(page, Not(HasSubstr("<!--"))) << name;
    EXPECT_THAT(page, Not(HasSubstr("<img"))) << name;
    const Json data = data_of(page);
    EXPECT_EQ(data["result"]["name"], name);
    EXPECT_EQ(data["genes"]["names"][3], name + "3");
    EXPECT_THAT(data["cells"]["perturbations"], Contains(name + "3"));
  }
}

TEST(ReportPage, TheTitleIsEscaped) {
  const TemporaryFolder folder;
  RunSample run;
  run.name = "<b>\"A\" & 'B'</b>";
  EXPECT_THAT(report_of(folder, run),
              HasSubstr("<title>&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt; · sparcell</title>"));
}

TEST(ReportPage, BytesThatAreNotUtf8AreReplaced) {
  const TemporaryFolder folder;
  RunSample run;
  run.gene = "g\xff";
  EXPECT_EQ(data_of(report_of(folder, run))["genes"]["names"][0], "g\uFFFD0");
}

TEST(ReportPage, ALargeRunStaysBelowFiveMegabytes) {
  const TemporaryFolder folder;
  RunSample run;
  run.cells = 50000;
  run.perturbations = 5000;
  run.genes = 5000;
  run.epochs = 2000;
  const std::string page = report_of(folder, run);
  EXPECT_LT(page.size(), 5'000'000u);
  const Json data = data_of(page);
  EXPECT_EQ(data["cells"]["total"], 50000);
  EXPECT_EQ(data["cells"]["perturbations"].size(), 5000u);
  EXPECT_EQ(data["perturbations"].size(), 5000u);
}

TEST(ReportPage, ALargeRunWithItsExpressionStaysBelowFiveMegabytes) {
  const TemporaryFolder folder;
  RunSample run;
  run.cells = 40000;
  run.perturbations = 200;
  run.genes = 120;
  run.expression = true;
  const std::string page = report_of(folder, run);
  EXPECT_LT(page.size(), 5'000'000u);
  const Json cells = data_of(page)["cells"];
  EXPECT_EQ(cells["split"]["count"], 20000);
  EXPECT_EQ(cells["genes"].size(), 52u);  // 2^20 values of 20,000 cells
}

TEST(ReportPage, OneModelAlone) {
  const TemporaryFolder folder;
  RunSample run;
  run.models.resize(1);
  const Json data = data_of(report_of(folder, run));
  EXPECT_EQ(data["cells"]["spaces"].size(), 2u);
  EXPECT_TRUE(data["generated"].is_null());
  EXPECT_EQ(data["curves"].size(), 1u);
  EXPECT_THAT(data["summary"],
              ElementsAre("ae is worse than PCA in reconstruction."));
}

TEST(ReportPage, ARunThatWroteOnlyItsResult) {
  const TemporaryFolder folder;
  write_file(folder / "result.json", R"({"name": "", "models": {}})");
  Log log = quiet();
  write_report(folder.path().string(), folder / "report.html", {}, log);
  const std::string page = file_bytes(folder / "report.html");
  EXPECT_THAT(page, HasSubstr("<title>run · sparcell</title>"));
  const Json data = data_of(page);
  for (const char* part :
       {"curves", "cells", "generated", "totals", "correlations", "genes", "perturbations"})
    EXPECT_TRUE(data[part].is_null()) << part;
}

TEST(Base64, TheVectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe\xfb", "//77"}};
  for (const auto& [bytes, text] : vectors) EXPECT_EQ(base64(bytes), text);
}

}  // namespace
}  // namespace sparcell
