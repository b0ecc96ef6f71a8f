// Every call that writes a file of a run fails once, in every way that it can: the run ends with an exit code
// that says whether it can go on, and ends equal to the undisturbed one when it does.
#include "experiment/equal_runs.h"
#include "faults/failing_calls.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

struct WrittenFile {
  std::string name;
  std::size_t fewest_failures;  ///< that calls on it can meet; fewer: the calls are not seen
};

void PrintTo(const WrittenFile& file, std::ostream* out) { *out << file.name; }

class RunFaults : public SmallExperiment, public testing::WithParamInterface<WrittenFile> {
 protected:
  std::vector<std::string> arguments(const std::string& folder_name) const {
    const bool with_page = GetParam().name == "report.html";
    return {"run",
            "small.yaml",
            "model={vae: {type: vae, hidden: [8], latent: 2, dropout: [0.1]}}",
            "train.epochs=2",
            "train.checkpoint.every.epochs=1",
            "select.genes=20",
            fmt::format("report.html={}", with_page),
            "--out",
            folder_name};
  }

  void expect_survival(const FailingCall& failing) {
    SCOPED_TRACE(fmt::format("{} (call {}), {}", failing.call, failing.number, failing.how));
    const Finished failed = sparcell(arguments("r"), failing.in_surroundings(around));
    expect_clear_end(failing, failed);
    if (failed.code == 75) {
      EXPECT_FALSE(exists("r/result.json")) << failed.err;
    } else if (failed.code == 3) {
      EXPECT_FALSE(exists("r")) << failed.err;
    }
    const bool begun = exists("r/config.yaml");
    const Finished done = begun ? program({"resume", "r"}) : program(arguments("r"));
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(differences(folder / "whole", folder / "r"), testing::IsEmpty());
    EXPECT_EQ(exists("whole/report.html"), exists("r/report.html"));
    std::filesystem::remove_all(folder / "r");
  }
};

TEST_P(RunFaults, AreSurvived) {
  const auto failures = failing_calls("/" + GetParam().name, arguments("whole"), around);
  EXPECT_GE(failures.size(), GetParam().fewest_failures);
  for (const FailingCall& failing : failures) expect_survival(failing);
}

/// A file that is written whole is opened, written, synced, closed and renamed.
constexpr std::size_t whole = 15;

std::string test_name(const testing::TestParamInfo<WrittenFile>& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Of, RunFaults,
    testing::Values(WrittenFile{"checkpoints/vae/last.h5", 2 * whole},
                    WrittenFile{"checkpoints/vae/previous.h5", 3},
                    WrittenFile{"checkpoints/vae/best.h5", whole},
                    WrittenFile{"checkpoints/preprocessing.h5", whole}, WrittenFile{"config.yaml", whole},
                    WrittenFile{"lock.json", 13}, WrittenFile{"split.csv", whole},
                    WrittenFile{"genes.csv", whole}, WrittenFile{"metrics.csv", 2 * whole + 2 * 8},
                    WrittenFile{"status.json", 3 * whole}, WrittenFile{"per_gene.csv", whole},
                    WrittenFile{"per_perturbation.csv", whole}, WrittenFile{"latent.h5ad", whole},
                    WrittenFile{"generated_vae.h5ad", whole}, WrittenFile{"report.html", whole},
                    WrittenFile{"result.json", whole}),
    test_name);

}  // namespace
}  // namespace sparcell::test
