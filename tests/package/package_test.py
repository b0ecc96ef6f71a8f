"""The package, away from where it was built: package_test.py BUILD [SUITE].

Makes the package of a build folder and runs it as a user without rights where nothing of this system is: in a root folder that holds the
package, /proc, /dev and /tmp alone; or, with a SUITE, in that release of Debian, which debootstrap lays into BUILD/debian_SUITE.
Its runs must equal to the bit those of the build's own program. Ends with 77 (skipped) where no such root folder can be made.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
COURSE = ["course_ae", "course_vae", "course_gan", "course_compare"]
PARTS_OF_GLIBC = {"libpthread.so.0", "libdl.so.2", "librt.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
SLURM = {"scontrol": "echo 'MaxArraySize = 1001'", "sbatch": "echo 41", "scancel": "exit 1"}
SWEEP = """name: two
threads: 1
device: cpu
read: {path: try/cells.h5ad}
select: {genes: 60}
model: {ae: {type: autoencoder, hidden: [16], dropout: [0.1]}}
train: {epochs: 2}
sweep: {parameters: {model.ae.latent: {values: [2, 3]}}}
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def finished(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def output_of(command, code=0, **options):
    done = finished(command, **options)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


class Root:
    """A root folder in which processes have no rights and see no environment but what they are given."""

    def __init__(self, path):
        self.path = path
        for name in ("dev", "proc", "tmp", "try"):
            (path / name).mkdir(exist_ok=True)
        for name in ("tmp", "try"):
            (path / name).chmod(0o1777)
        root = os.geteuid() == 0
        rights = [] if root else ["--user", "--map-root-user"]
        user = "--userspec=65534:65534" if root else "--userspec=0:0"
        mounts = 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc"'
        self.unshare = ["unshare", *rights, "--mount", "--pid", "--fork", "sh", "-c"]
        self.enter = [*self.unshare, f'{mounts} && root=$1 && shift && exec /usr/sbin/chroot {user} "$root" "$@"', "sh", path]

    def can_be_entered(self):
        mounted = finished([*self.unshare, f'mount -t proc proc "{self.path}/proc" && exec /usr/sbin/chroot --version'])
        return mounted.returncode == 0

    def run(self, *command, code=0, **environment):
        return output_of([*self.enter, *command], code, env=environment, cwd=self.path)


def lay_debian(build, suite):
    """The root folder of a release of Debian, made once."""
    folder = build / f"debian_{suite}"
    if (folder / "etc/debian_version").exists():
        return folder
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        skip("debootstrap is not installed, or this is not root")
    made = finished(["debootstrap", "--variant=minbase", suite, f"{folder}.part"])
    if made.returncode != 0:
        shutil.rmtree(f"{folder}.part", ignore_errors=True)
        skip(f"Debian {suite} cannot be fetched: {made.stdout.strip().splitlines()[-1]}")
    Path(f"{folder}.part").rename(folder)
    return folder


@contextlib.contextmanager
def root_folder(build, suite):
    if suite:
        folder = lay_debian(build, suite)
        shutil.rmtree(folder / "try", ignore_errors=True)
        shutil.rmtree(folder / "a package", ignore_errors=True)
        yield Root(folder)
    else:
        with tempfile.TemporaryDirectory(dir=build, prefix="package_root.") as folder:
            Path(folder).chmod(0o755)
            yield Root(Path(folder))


def programs_of(package):
    paths = [path for folder in ("bin", "tests", "bench") for path in (package / "libexec" / folder).iterdir()]
    return sorted(path.relative_to(package / "libexec") for path in paths)


def check_closure(package):
    """Every library that a program loads is the package's, and the parts of glibc that CUDA's libraries ask for are loaded."""
    environment = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu"}
    for program in programs_of(package):
        lines = output_of([package / program], env=environment, cwd="/").splitlines()
        assert not [line for line in lines if "not found" in line], (program, lines)
        paths = [Path(line.split("=>")[1].rsplit("(", 1)[0].strip()) for line in lines if "=>" in line]
        assert [path for path in paths if path.resolve().parent not in (package / "lib", package / "glibc")] == [], (program, paths)
        names = {path.name for path in paths} | {"ld-linux-x86-64.so.2"}
        assert names >= PARTS_OF_GLIBC, (program, PARTS_OF_GLIBC - names)
        direct = output_of([package / "libexec" / program], env=environment, cwd="/")
        assert f"{package}/libexec" in direct and str(package / "glibc") not in direct, "a debugger gets the system's loader"
    licences = {path.name for path in (package / "licences").iterdir()}
    assert {"libc6.txt", "libdnnl2.txt", "nlohmann-json3-dev.txt", "common"} <= licences, licences


def check_launcher(package):
    """It says what is missing; what its program is called with and its exit code pass through."""
    lone = package / "bin/lone"
    shutil.copy(package / "bin/sparcell", lone)
    said = output_of([lone], code=126)
    assert said == f"{package}/libexec/bin/lone: cannot be opened; unpack the package again\n", said
    program = package / "libexec/bin/lone"
    program.write_text("no program")
    said = output_of([lone], code=126)
    assert said == f"{program}: is no position-independent program; unpack the package again\n", said
    program.unlink()
    lone.unlink()
    assert "unknown-command" in output_of([package / "bin/sparcell", "unknown-command"], code=2)


def check_run_tests(package):
    assert "unknown test program" in output_of([package / "run_tests", "--device", "cuda", "cli_tests"], code=2)
    assert "1 test programs passed" in output_of([package / "run_tests", "normalize_tests"], env={"PATH": os.defpath})
    output = output_of([package / "run_tests", "--device", "cuda", "normalize_tests"])
    assert "no GPU: " in output or shutil.which("nvidia-smi"), output


def check_tools(package, folder):
    tool = Path(__file__).parents[2] / "tools/package"
    assert "unknown argument --into" in output_of([tool, "--into"], code=2)
    assert "is not configured" in output_of([tool, "--build", folder], code=2)
    finder = (package / "tools/cuda_libraries.sh").read_text()
    library = next(line.removeprefix("library=") for line in finder.splitlines() if line.startswith("library="))
    (folder / "toolkit/lib64").mkdir(parents=True)
    (folder / f"toolkit/lib64/{library}").touch()
    environment = {"PATH": os.defpath, "CUDA_HOME": str(folder / "toolkit")}
    assert output_of([package / "tools/cuda_libraries.sh"], env=environment) == f"{folder}/toolkit/lib64\n"


def compared(run):
    """What must be equal of two equal runs (EXPERIMENTS.md)."""
    differ = {"log.txt", "provenance.json", "status.json", "overrides.yaml", "report.html", "result.json"}
    files = {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in differ and not path.name.startswith("events.out")
    }
    result = json.loads((run / "result.json").read_text())
    for model in result["models"].values():
        del model["cost"]
    del result["stages"], result["peak_memory_bytes"]
    return files | {"result.json": result}


def check_equal(first, second):
    a, b = compared(first), compared(second)
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    assert [name for name in a if a[name] != b[name]] == [], (first, [name for name in a if a[name] != b[name]])


def check_runs(root, sparcell, build):
    """An experiment from data to report, resumed, and a sweep whose launcher starts the program again: as the build's program does."""
    simulate = ["simulate", "try/cells.h5ad", "--cells", "300", "--genes", "150", "--density", "0.3", "--perturbations", "4", "--doubles", "1"]
    root.run(sparcell, *simulate)
    for name in COURSE:
        options = ["read.path=try/cells.h5ad", "select.genes=100", "train.epochs=2", "threads=2", "device=cpu"]
        root.run(sparcell, "run", f"a package/experiments/{name}.yaml", *options, "--out", f"try/{name}")
        output_of([build, "run", f"a package/experiments/{name}.yaml", *options, "--out", f"try/{name}.expected"], cwd=root.path)
        check_equal(root.path / f"try/{name}", root.path / f"try/{name}.expected")
    root.run(sparcell, "resume", "try/course_ae", "train.epochs=3")
    output_of([build, "resume", "try/course_ae.expected", "train.epochs=3"], cwd=root.path)
    check_equal(root.path / "try/course_ae", root.path / "try/course_ae.expected")
    root.run(sparcell, "report", "try/course_ae", "try/course_vae", "--html", "try/both.html")
    assert (root.path / "try/both.html").stat().st_size > 1_000_000, "a report holds its figures' program"

    (root.path / "try/sweep.yaml").write_text(SWEEP)
    root.run(sparcell, "sweep", "try/sweep.yaml", "--jobs", "2", "--out", "try/sweep")
    rows = (root.path / "try/sweep/results.csv").read_text().splitlines()
    assert len(rows) == 3 and all("done" in row for row in rows[1:]), rows


def check_slurm_script(package, folder):
    """What it submits starts the launcher, by its full path."""
    commands = folder / "commands"
    commands.mkdir(exist_ok=True)  # of a run that failed
    for name, line in SLURM.items():
        (commands / name).write_text(f"#!/bin/sh\n{line}\n")
        (commands / name).chmod(0o755)
    sweep = [package / "bin/sparcell", "sweep", "try/sweep.yaml", "--launcher", "slurm", "--out", "try/slurm"]
    output_of(sweep, env={"PATH": str(commands)}, cwd=folder)
    scripts = list((folder / "try/slurm/slurm").glob("*.sh"))
    assert scripts, "nothing was submitted"
    for script in scripts:
        assert f"exec '{package}/bin/sparcell' resume " in script.read_text(), script.read_text()


def main():
    build, suite = Path(sys.argv[1]).resolve(), (sys.argv[2:] or [None])[0]
    with root_folder(build, suite) as root:
        if not root.can_be_entered():
            skip("processes here may not have a root folder of their own (unshare)")
        made = output_of([Path(__file__).parents[2] / "tools/package", "--build", build, "--out", root.path, "--unpacked"])
        package = root.path / "a package"
        Path(made.splitlines()[-1]).rename(package)
        check_closure(package)
        check_launcher(package)
        check_runs(root, "/a package/bin/sparcell", build / "sparcell")
        check_slurm_script(package, root.path)
        if suite:
            passed = root.run("/a package/run_tests", "cli_tests", "sweep_tests", "normalize_tests", "select_tests", PATH=os.defpath)
            assert "4 test programs passed" in passed, passed
        else:
            check_run_tests(package)
            check_tools(package, root.path)


if __name__ == "__main__":
    main()
