"""What single ops are measured beside, in PyTorch."""
import torch


def captured(work, warm_up=3):
    """`work` as a CUDA graph; its launch."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(warm_up):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()

    def replay():
        graph.replay()

    replay.reads = work  # what the graph reads and writes is the work's: it lives as long
    return replay


class Repeated:
    """Work without batches."""

    def __init__(self, work):
        self.work = work

    def run(self, times):
        for _ in range(times):
            self.work()


def adam_peer(peer, device):
    parameter = torch.nn.Parameter(torch.rand(peer["parameters"], device=device) - 0.5)
    parameter.grad = torch.rand_like(parameter) - 0.5
    optimizer = torch.optim.Adam([parameter], weight_decay=peer["weight_decay"], fused=True)
    return Repeated(optimizer.step)


def energy_peer(peer, device):
    x, y = (torch.rand(peer["points"], peer["dimensions"], device=device) for _ in range(2))
    return Repeated(lambda: torch.cdist(x, y).sum(dtype=torch.float64))


def correlations_peer(peer, device):
    x = torch.rand(peer["genes"], peer["cells"], device=device)
    return Repeated(lambda: torch.corrcoef(x))


def layer_peer(peer, device):
    """In a graph, as ours."""
    layer = torch.nn.Sequential(torch.nn.BatchNorm1d(peer["cols"]), torch.nn.ReLU()).to(device)
    x = torch.randn(peer["rows"], peer["cols"], device=device, requires_grad=True)
    gradient = torch.randn_like(x)
    inputs = [x, *layer.parameters()]

    def work():
        torch.autograd.grad(layer(x), inputs, gradient)

    return Repeated(work if device == "cpu" else captured(work))


OF_OPS = {"adam": ("fused Adam", adam_peer), "energy": ("cdist", energy_peer), "correlations": ("corrcoef", correlations_peer),
          "layer": ("BatchNorm1d, ReLU in a graph", layer_peer)}
