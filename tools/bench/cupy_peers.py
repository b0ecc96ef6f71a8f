"""Log-normalization as rapids-singlecell does it, in CuPy: one thread a row sums and scales, then log1p of all values."""
import cupy

SCALE = cupy.RawKernel(r"""
extern "C" __global__ void scale(const long long* offsets, float* values, long long rows, float target_sum) {
  const long long row = blockDim.x * (long long)blockIdx.x + threadIdx.x;
  if (row >= rows) return;
  float sum = 0;
  for (long long i = offsets[row]; i < offsets[row + 1]; ++i) sum += values[i];
  if (sum <= 0) return;
  const float factor = target_sum / sum;
  for (long long i = offsets[row]; i < offsets[row + 1]; ++i) values[i] *= factor;
}""", "scale")
THREADS, TIMES, WARM_UP = 32, 200, 50


class LogNormalize:
    """In place over and over, as ours, on cells of the same number and of the same mean size."""

    def __init__(self, cells, entries, target_sum):
        self.cells, self.target_sum = cells, target_sum
        sizes = cupy.random.poisson(entries / cells, cells)
        self.offsets = cupy.concatenate([cupy.zeros(1, cupy.int64), cupy.cumsum(sizes, dtype=cupy.int64)])
        self.values = cupy.random.random(int(self.offsets[-1]), dtype=cupy.float32) + cupy.float32(0.2)
        self.run(WARM_UP)

    def run(self, times):
        for _ in range(times):
            SCALE(((self.cells + THREADS - 1) // THREADS,), (THREADS,),
                  (self.offsets, self.values, cupy.int64(self.cells), cupy.float32(self.target_sum)))
            cupy.log1p(self.values, out=self.values)

    def microseconds(self):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        start.record()
        self.run(TIMES)
        end.record()
        end.synchronize()
        return 1e3 * cupy.cuda.get_elapsed_time(start, end) / TIMES
