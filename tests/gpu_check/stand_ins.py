"""Programs that stand in for those of a package and for NVIDIA's tools: they answer as the real ones do, by what SCRIPT (JSON in the
environment) says of each."""
import json
import os
import sys
import time

SCRIPT = json.loads(os.environ.get("SCRIPT", "{}"))


def note(name):
    """Every start is a line in STARTS."""
    with open(os.environ["STARTS"], "a") as file:
        file.write(json.dumps([name, *sys.argv[1:]]) + "\n")


def nvidia_smi():
    if SCRIPT.get("no_gpu"):
        sys.exit("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
    print(f"{SCRIPT.get('gpu', 'Stand-in GPU')}, 580.1")


def sparcell():
    print("version      0.1.0\ncommit       0123456789ab\ncuda         true")


def ops_tests(before=lambda test: None):
    """A test program of gtest. SCRIPT["tests"]: {name: OK|FAILED|breaks|SKIPPED|of the CPU|dies|hangs}, where one that breaks fails all
    tests behind it too; "no_device" fails its environment."""
    tests = SCRIPT["tests"]
    if "--gtest_list_tests" in sys.argv:
        suite = None
        for name in tests:
            if name.split(".")[0] != suite:
                suite = name.split(".")[0]
                print(suite + ".")
            print(f"  {name.split('.')[1]}  # GetParam() = 1")
        return 0
    note("ops_tests")
    if SCRIPT.get("no_device"):
        print("[==========] Running 1 test.\ndevice cuda: no NVIDIA driver is installed\n[  FAILED  ] 0 tests")
        return 1
    bad, broken = 0, False
    for name in os.environ["GTEST_FILTER"].split(":"):
        say = lambda text: print(text, flush=True)  # noqa: E731
        say(f"[ RUN      ] {name}")
        before(name)
        broken = broken or tests[name] == "breaks"
        result = "FAILED" if broken else tests[name]
        if result == "dies":
            os.abort()
        if result == "hangs":
            time.sleep(60)
        if result == "FAILED":
            say("ops_test.cpp:7: Failure\nExpected: 1")
        if result == "of the CPU":
            say("op_test.h:22: Skipped\nf64 is the CPU's alone\n")
            result = "SKIPPED"
        say(f"[{result:^10}] {name}, where GetParam() = 1 (3 ms)" if result == "FAILED" else f"[{result:>9} ] {name} (3 ms)")
        bad += result == "FAILED"
    say(f"[==========] tests ran.\n[  FAILED  ] {name}")
    return int(bad)


def compute_sanitizer():
    """Runs the test program in this process. SCRIPT["findings"]: {tool: test}; "late": the tool that finds something when the last
    test is over; "refuses": the one that does not work; "slow": the one that ends no test."""
    note("compute-sanitizer")
    tool = sys.argv[sys.argv.index("--tool") + 1]
    print("========= COMPUTE-SANITIZER", flush=True)
    if SCRIPT.get("refuses") == tool:
        print("========= Error: Device not supported. Please refer to the documentation.")
        return 1

    def before(test):
        if SCRIPT.get("slow") == tool:
            time.sleep(60)
        if SCRIPT.get("findings", {}).get(tool) == test:
            print("========= Invalid __global__ read of size 4 bytes\n=========     at kernel+0x70", flush=True)

    code = ops_tests(before)
    if SCRIPT.get("late") == tool:
        print("========= Error: Race reported between Write access at a and Read access at b\n=========     at kernel+0x70")
    print("========= ERROR SUMMARY: 0 errors")
    return code


def ncu():
    note("ncu")
    if SCRIPT.get("ncu_fails"):
        print("==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA GPU Performance Counters")
        return 1
    metrics = sys.argv[sys.argv.index("--metrics") + 1].split(",")
    quote = lambda cells: ",".join(f'"{cell}"' for cell in cells)  # noqa: E731
    print("==PROF== Connected to process 1")
    print('{"row":"ae_course"}')
    print(quote(["ID", "Process ID", "Kernel Name", *metrics]))
    print(quote(["", "", "", *["unit"] * len(metrics)]))
    print(quote(["0", "1", "adam_step(float *)", "2,500", "4,000,000", *["10.5"] * (len(metrics) - 2)]))
    print(quote(["1", "1", "gather_dense(int)", "1,500", "1,000", *["20"] * (len(metrics) - 2)]))


def bench_gpu():
    """Two rows without peers. SCRIPT["bench"]: {row: good|differs|fails|slow|peer}."""
    note("bench_gpu")
    rows = SCRIPT.get("bench", {"copy": "good", "layer": "good"})
    say = lambda json_: print(json.dumps(json_), flush=True)  # noqa: E731
    if sys.argv[1] == "list":
        return say({"commit": SCRIPT.get("bench_commit", "0123456789ab"), "precisions": ["f32", "tf32"],
                    "rows": [{"row": name, "title": name, "goal": "", "trains": name == "layer"} for name in rows]})
    if sys.argv[1] == "ceilings":
        return say({"device": {"name": "Stand-in GPU", "multiprocessors": 132, "l2_bytes": 2**20},
                    "ceilings": {"copy_gb_s": 4000.0, "tflops": {"f32": 50.0, "tf32": 400.0, "bf16": 800.0}, "atomics_g_s": 3.0,
                                 "empty": {"launch_us": 2.0, "graph_of_one_us": 3.0, "node_of_a_chain_us": 1.0}}})
    name, does = sys.argv[2], rows[sys.argv[2]]
    if does == "fails":
        print("bench_gpu: out of memory on cuda:0", file=sys.stderr)
        return 5
    if does == "slow" and not os.path.exists(os.environ["STARTS"] + ".slow"):
        open(os.environ["STARTS"] + ".slow", "w").close()
        time.sleep(60)
    peer = {"kind": "adam", "parameters": 8, "weight_decay": 0} if does == "peer" else None
    say({"row": name, "title": name, "goal": "<= 1 us", "precision": sys.argv[4], "size": "4 x 4", "bytes": 4e6, "flops": 1e8,
         "rate": "f32", "times": 200, "tolerance": 1e-6, "allowed_error": 1e-6, "agrees": does != "differs", "peer": peer,
         "error": {"sparcell": 1e-3 if does == "differs" else 1e-8, "cuDNN": 2e-8}})
    for turn, _ in enumerate(sys.stdin):
        say({"microseconds": {"sparcell": 4.0 + turn, "cuDNN": 8.0}})


if __name__ == "__main__":
    sys.exit(globals()[os.path.basename(sys.argv[0]).replace("-", "_")]())
