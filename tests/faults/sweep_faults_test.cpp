// Every call that writes a file of a sweep fails once while its file gains a value: submitted again, the
// sweep ends as the undisturbed one, and no run is made twice.
#include "experiment/equal_runs.h"
#include "faults/failing_calls.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

class SweepFaults : public SmallSweep, public testing::WithParamInterface<const char*> {
 protected:
  SweepFaults() {
    write_sweep("parameters: {model.ae.latent: {values: [2]}}");
    EXPECT_EQ(sweep(tiny).code, 0);
    std::filesystem::rename(folder / "s", folder / "first");
    write_sweep("parameters: {model.ae.latent: {values: [3, 2]}}");
    begin_again();
    EXPECT_EQ(sweep(tiny).code, 0);
    std::filesystem::rename(folder / "s", folder / "whole");
  }
  static inline const std::vector<std::string> tiny{"train.epochs=1", "select.genes=20"};

  /// The sweep of one value, finished.
  void begin_again() const {
    std::filesystem::remove_all(folder / "s");
    std::filesystem::copy(folder / "first", folder / "s", std::filesystem::copy_options::recursive);
  }
  /// results.csv without what runs cost.
  std::vector<std::vector<std::string>> outcomes(const std::string& sweep) const {
    auto records = read_csv(folder / (sweep + "/results.csv"));
    const std::vector<std::string> header = records.at(0);
    for (auto& record : records) {
      for (std::size_t c = record.size(); c-- > 0;) {
        if (header[c].find(".cost.") != std::string::npos)
          record.erase(record.begin() + static_cast<std::ptrdiff_t>(c));
      }
    }
    return records;
  }

  void expect_survival(const FailingCall& failing) {
    SCOPED_TRACE(fmt::format("{} (call {}), {}", failing.call, failing.number, failing.how));
    begin_again();
    const auto before = results();
    const Finished failed = sparcell(sweep_arguments(tiny), failing.in_surroundings(around));
    expect_clear_end(failing, failed);
    const Finished done = sweep(tiny);
    EXPECT_EQ(done.code, 0) << done.err;
    for (const char* file : {"jobs.csv", "sweep.json", "experiment.yaml"})
      EXPECT_EQ(file_bytes(folder / (std::string("s/") + file)),
                file_bytes(folder / (std::string("whole/") + file)))
          << file;
    EXPECT_EQ(outcomes("s"), outcomes("whole"));
    EXPECT_TRUE(exists("s/report.html"));
    for (const auto& [run, time] : before) EXPECT_EQ(results().at(run), time) << run << " was made twice";
    for (const auto& [run, time] : results())
      EXPECT_THAT(differences(folder.path() / "whole" / run, folder.path() / "s" / run), testing::IsEmpty());
  }
};

TEST_P(SweepFaults, AreSurvived) {
  begin_again();
  const auto failures = failing_calls(fmt::format("s/{}", GetParam()), sweep_arguments(tiny), around);
  constexpr std::size_t of_a_whole_file = 15;
  EXPECT_GE(failures.size(), of_a_whole_file);
  for (const FailingCall& failing : failures) expect_survival(failing);
}

INSTANTIATE_TEST_SUITE_P(Of, SweepFaults,
                         testing::Values("experiment.yaml", "jobs.csv", "sweep.json", "data.json",
                                         "results.csv", "report.html"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace sparcell::test
