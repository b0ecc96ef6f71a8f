"""The results of gpu.py as Markdown."""
import statistics

NOT_BUILT = "16 small models at once on one GPU: not built."


def floor_microseconds(row, ceilings):
    """The larger of bytes over the measured copy and operations over the measured product."""
    by_memory = row["bytes"] / ceilings["copy_gb_s"] / 1e3
    by_arithmetic = row["flops"] / ceilings["tflops"][row["rate"]] / 1e6 if row["flops"] else 0.0
    return max(by_memory, by_arithmetic)


def median_and_range(times):
    return f"{statistics.median(times):,.1f} ({min(times):,.1f} to {max(times):,.1f})"


def best_peer(row):
    """Name of the fastest peer; None where there is none."""
    measured = {name: statistics.median(peer["microseconds"]) for name, peer in row["peers"].items() if peer.get("microseconds")}
    return min(measured, key=measured.get) if measured else None


def ratios(row, name):
    """Peer over ours, turn by turn."""
    return [theirs / own for theirs, own in zip(row["peers"][name]["microseconds"], row["microseconds"]["sparcell"])]


def ratio_cell(row, name):
    if row["losses_agree"] is False:
        return f"none: losses differ by {row['losses_differ']:.1e}"
    all_turns = ratios(row, name)
    return f"{statistics.median(all_turns):.2f} ({min(all_turns):.2f} to {max(all_turns):.2f})"


def peer_cells(row):
    name = best_peer(row)
    if name is None:
        return "none", ""
    return f"{name}: {median_and_range(row['peers'][name]['microseconds'])}", ratio_cell(row, name)


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + ["| " + " | ".join(row) + " |" for row in rows]


def error_cell(row, name):
    return f"{row['error'][name]:.1e}"


def main_table(rows, ceilings):
    head = ["row", "size", "precision", "bytes", "flops", "floor, us", "time, us (range)", "floor / time", "best peer, us (range)",
            "peer / time (range)", "error against f64", "goal"]
    cells = []
    for row in rows:
        ours = row["microseconds"]["sparcell"]
        floor = floor_microseconds(row, ceilings)
        cells.append([row["title"], row["size"], row["precision"], f"{row['bytes']:.3g}", f"{row['flops']:.3g}", f"{floor:,.1f}",
                      median_and_range(ours), f"{floor / statistics.median(ours):.2f}", *peer_cells(row),
                      error_cell(row, "sparcell"), row["goal"]])
    return table(head, cells)


def peers_table(rows):
    cells = []
    for row in rows:
        others = {name: times for name, times in row["microseconds"].items() if name != "sparcell"}
        for name, times in others.items():
            ratio = statistics.median(times) / statistics.median(row["microseconds"]["sparcell"])
            cells.append([row["title"], row["precision"], name, median_and_range(times), f"{ratio:.2f}", error_cell(row, name)])
        for name, peer in row["peers"].items():
            measured = peer.get("microseconds")
            cells.append([row["title"], row["precision"], name, median_and_range(measured) if measured else peer["failed"],
                          ratio_cell(row, name) if measured else "", ""])
    return table(["row", "precision", "peer or alternative", "us (range)", "peer / time (range)", "error against f64"], cells)


def ceilings_table(ceilings):
    empty, products = ceilings["empty"], ceilings["tflops"]
    return table(["ceiling", "measured"], [
        ["copy, read + written", f"{ceilings['copy_gb_s']:,.0f} GB/s"],
        *([f"{name} product", f"{products[name]:,.1f} TFLOP/s"] for name in products),
        ["empty kernel launched by itself", f"{empty['launch_us']:.2f} us"],
        ["graph of one empty node", f"{empty['graph_of_one_us']:.2f} us"],
        ["empty node in a chain of a graph", f"{empty['node_of_a_chain_us']:.2f} us"],
        ["atomic additions in f32, 33,694 counters", f"{ceilings['atomics_g_s']:.1f} G/s"]])


def markdown(results):
    device, ceilings = results["device"], results["ceilings"]
    good = [row for row in results["rows"] if "failed" not in row]
    lines = [f"{device['name']}, {device['multiprocessors']} multiprocessors, {device['l2_bytes'] / 2**20:.0f} MiB of L2; commit "
             f"{results['commit']}.", "", *ceilings_table(ceilings), "", *main_table(good, ceilings), "", NOT_BUILT, "",
             *peers_table(good)]
    failed = [row for row in results["rows"] if "failed" in row]
    if failed:
        lines += ["", *(f"* {row['row']}, {row['precision']}: {row['failed']}" for row in failed)]
    return "\n".join(lines) + "\n"
