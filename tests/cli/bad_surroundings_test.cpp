// Where a run cannot be written or computed: folders, full disks, memory. The full disk is a limit on the
// size of files (RLIMIT_FSIZE), past which writes fail as they do on a full disk.
#include <gmock/gmock.h>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class BadSurroundings : public SmallExperiment {
 protected:
  /// Fails with that code and sentence, and nothing is left behind.
  void expect_clean_failure(const std::vector<std::string>& options, int code, const std::string& sentence) {
    const std::vector<std::string> before = files();
    const Finished done = run(options);
    EXPECT_EQ(done.code, code) << done.err;
    EXPECT_THAT(done.err, HasSubstr(sentence));
    EXPECT_EQ(files(), before) << sentence;
    EXPECT_FALSE(exists("r"));
    EXPECT_FALSE(exists("runs"));
  }
};

TEST_F(BadSurroundings, AFolderThatHoldsARunIsRefusedAndLeftAlone) {
  finished_run("held");
  const std::string result = file_bytes(folder / "held/result.json");
  expect_clean_failure(
      {"--out", "held"}, 2,
      "held holds a run already; go on with it (sparcell resume held) or choose another folder with --out");
  EXPECT_EQ(file_bytes(folder / "held/result.json"), result);
}

TEST_F(BadSurroundings, AFolderThatCannotBeWritten) {
  expect_clean_failure({"--out", "cells.h5ad"}, 2, "--out cells.h5ad: this is a file, not a folder");
  expect_clean_failure({"--out", "cells.h5ad/r"}, 2,
                       "the run folder cells.h5ad/r cannot be created: Not a directory");
  expect_clean_failure({"--out", "/proc/r"}, 2, "the run folder /proc/r cannot be created");
}

TEST_F(BadSurroundings, ADiskThatIsFullBeforeTheFirstCheckpointLeavesNothing) {
  for (rlim_t bytes : {2000, 9000}) {  // standard error is a file, too, and fits
    around.file_bytes = bytes;
    expect_clean_failure({"--out", "r"}, 3, " cannot be written");
  }
}

TEST_F(BadSurroundings, ADiskThatIsFullAfterTheFirstCheckpointIsResumable) {
  finished_run("whole");
  const auto size = [&](const std::string& name) {
    return std::filesystem::file_size(folder / ("whole/" + name));
  };
  const auto checkpoints = std::max({size("checkpoints/ae/last.h5"), size("checkpoints/vae/last.h5"),
                                     size("checkpoints/gan/last.h5"), size("checkpoints/preprocessing.h5")});
  ASSERT_LT(checkpoints, size("latent.h5ad"));
  around.file_bytes = size("latent.h5ad") - 1;
  const Finished done = run({"--out", "r"});
  EXPECT_EQ(done.code, 75) << done.err;
  EXPECT_THAT(done.err, AllOf(HasSubstr("r/latent.h5ad: cannot be written (File too large)"),
                              HasSubstr("the last checkpoint is kept in r")));
  EXPECT_EQ(json("r/status.json")["state"], "interrupted");
  EXPECT_THAT(files("r"), AllOf(Contains("checkpoints/ae/last.h5"), Not(Contains("result.json")),
                                Not(Contains("latent.h5ad")), Not(Contains(HasSubstr(".part")))));
}

TEST_F(BadSurroundings, OutputsOfCommandsAreWholeOrAbsent) {
  finished_run("r");
  around.file_bytes = 3000;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"embed", "r", "cells.h5ad", "new.h5ad", "--model", "ae"},
        {"generate", "r", "new.h5ad", "--cells", "50", "--model", "gan"},
        {"simulate", "new.h5ad"}}) {
    const std::vector<std::string> before = files();
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 3);
    EXPECT_THAT(done.err, HasSubstr("new.h5ad: cannot be written (File too large)"));
    EXPECT_EQ(files(), before);
  }
}

/// A script that redirects an answer must not take half of one for whole.
TEST_F(BadSurroundings, AnAnswerThatCannotBeWrittenIsAFailure) {
  finished_run("r", {"~model.gan", "~model.vae"});
  for (const char* command : {"schema", "evaluate r", "run small.yaml --print-config", "validate small.yaml",
                              "inspect cells.h5ad", "--version", "run --help"}) {
    const std::string line = fmt::format("cd '{}' && '{}' {} >/dev/full 2>err", folder.path().string(),
                                         std::filesystem::absolute(program_path()).string(), command);
    EXPECT_EQ(WEXITSTATUS(std::system(line.c_str())), 3) << command;
    EXPECT_THAT(file_bytes(folder / "err"), HasSubstr("sparcell: standard output cannot be written"));
  }
}

/// As where a folder forbids it, which nothing forbids root.
TEST_F(BadSurroundings, WhatCannotBeLookedAtIsNotSaidToBeMissing) {
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_directory(folder / "f");
  std::filesystem::create_symlink("result.json", folder / "f/result.json");
  const std::string reason = "it cannot be looked at (Too many levels of symbolic links)";
  for (const auto& [arguments, code, sentence] :
       {std::tuple<std::vector<std::string>, int, std::string>{{"inspect", "loop"}, 3, "loop: " + reason},
        {{"status", "loop"}, 2, "loop: " + reason + "; the folder of a run or a sweep was expected"},
        {{"compare", "loop"}, 2, "loop: " + reason},
        {{"compare", "f"}, 2, "f holds no finished run"},
        {{"inspect", "none"}, 3, "none: there is no such file"},
        {{"status", "none"}, 2, "none: there is no such folder"}}) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, code) << done.err;
    EXPECT_THAT(done.err, HasSubstr(sentence));
  }
}

TEST_F(BadSurroundings, ADeviceThatIsNotThere) {
  expect_clean_failure({"device=cuda:99", "--out", "r"}, 2, "device cuda:99");
}

TEST_F(BadSurroundings, NoMemoryForAModel) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer needs more address space than a limit leaves";
#endif
  around.memory_bytes = rlim_t{1} << 30;
  expect_clean_failure(
      {"model.ae.hidden=[20000]", "model.ae.latent=20000", "model.ae.dropout=[0]", "--out", "r"}, 5,
      "sparcell: out of memory");
}

TEST_F(BadSurroundings, NoMemoryForGeneratedCells) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer needs more address space than a limit leaves";
#endif
  finished_run("r", {"~model.ae", "~model.gan"});
  around.memory_bytes = rlim_t{2} << 30;
  const Finished done = program({"generate", "r", "new.h5ad", "--cells", "100000000"});
  EXPECT_EQ(done.code, 5) << done.err;
  EXPECT_THAT(done.err,
              HasSubstr("generate: out of memory; 100000000 cells of 60 genes are 22.4 GiB: ask for "
                        "fewer --cells"));
  EXPECT_FALSE(exists("new.h5ad"));
}

}  // namespace
}  // namespace sparcell::test
