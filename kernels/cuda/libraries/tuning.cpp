// Measures the algorithms that cuBLASLt proposes for the products of training steps.
#include <algorithm>
#include <array>
#include <random>

#include "cuda/libraries/product_library.h"
#include "cuda/recording.h"
#include "device/check.h"
#include "sparcell/core/log.h"

namespace sparcell::cuda {
namespace {

constexpr int most_proposals = 64;
constexpr int samples = 11;  ///< of which the median counts
constexpr int calls = 16;    ///< products of a sample, in one graph, as training has them
constexpr std::int64_t most_pool = std::int64_t{1} << 28;  ///< bytes of all operands

class Event {
 public:
  Event() { SPARCELL_CUDA_CHECK(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream) const { SPARCELL_CUDA_CHECK(cudaEventRecord(event_, stream)); }
  void wait() const { SPARCELL_CUDA_CHECK(cudaEventSynchronize(event_)); }
  double microseconds_since(const Event& before) const {
    float milliseconds = 0;
    SPARCELL_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, before.event_, event_));
    return 1000 * static_cast<double>(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Operands of one shape, several sets behind one another, each with the alignment that the shape has.
class Operands {
 public:
  Operands(Context& context, const ProductShape& shape, float beta) : shape_(shape), beta_(beta) {
    const std::int64_t a_rows = shape.transpose_a ? shape.k : shape.m;
    const std::int64_t b_rows = shape.transpose_b ? shape.n : shape.k;
    b_at_ = padded(a_rows * shape.a_stride);
    out_at_ = b_at_ + padded(b_rows * shape.b_stride);
    set_ = out_at_ + padded(shape.m * shape.out_stride);
    const auto fitting = most_pool / (set_ * static_cast<std::int64_t>(sizeof(float)));
    sets_ = std::clamp<std::int64_t>(fitting, 1, calls);
    pool_ = Buffer<float>(context, random_numbers(sets_ * set_));
  }

  Product product(int call) const {
    float* const first = pool_.data() + call % sets_ * set_;
    return {.transpose_a = shape_.transpose_a,
            .transpose_b = shape_.transpose_b,
            .m = shape_.m,
            .n = shape_.n,
            .k = shape_.k,
            .a = first + offset(shape_.a_alignment),
            .a_stride = shape_.a_stride,
            .b = first + b_at_ + offset(shape_.b_alignment),
            .b_stride = shape_.b_stride,
            .beta = beta_,
            .out = first + out_at_ + offset(shape_.out_alignment),
            .out_stride = shape_.out_stride};
  }

 private:
  static constexpr std::int64_t unit = 64;   ///< numbers: 256 bytes, as allocations are aligned
  static constexpr std::int64_t vector = 4;  ///< numbers of the largest alignment that counts

  static std::int64_t padded(std::int64_t numbers) { return (numbers + vector + unit - 1) / unit * unit; }
  /// How far behind a multiple of 16 bytes an address of this alignment lies.
  static std::int64_t offset(std::int64_t alignment) {
    return alignment / static_cast<std::int64_t>(sizeof(float)) % vector;
  }
  static std::vector<float> random_numbers(std::int64_t count) {
    std::vector<float> numbers(static_cast<std::size_t>(count));
    std::minstd_rand generator(1);
    constexpr auto span = static_cast<float>(std::minstd_rand::max());
    for (float& number : numbers) number = 2 * static_cast<float>(generator()) / span - 1;
    return numbers;
  }

  ProductShape shape_;
  float beta_;
  std::int64_t b_at_ = 0, out_at_ = 0, set_ = 0, sets_ = 1;
  Buffer<float> pool_;
};

class Stopwatch {
 public:
  explicit Stopwatch(Context& context)
      : stream_(device::stream_of(context)), other_data_(context, other_bytes(context)) {}

  /// The median time of one product of `work`, which has `calls` of them, on operands that are not in the
  /// cache.
  double microseconds(const std::function<void()>& work) {
    work();  // what is used for the first time is loaded outside of a recording
    const std::unique_ptr<Recording> recorded = record(stream_, work);
    std::array<double, samples> times{};
    for (double& time : times) {
      other_data_.set_zero();
      before_.record(stream_);
      recorded->run();
      after_.record(stream_);
      after_.wait();
      time = after_.microseconds_since(before_) / calls;
    }
    std::nth_element(times.begin(), times.begin() + samples / 2, times.end());
    return times[samples / 2];
  }

 private:
  /// Twice the cache.
  static std::int64_t other_bytes(Context& context) {
    cudaDeviceProp properties;
    SPARCELL_CUDA_CHECK(cudaGetDeviceProperties(&properties, context.device().index));
    return 2 * std::max<std::int64_t>(properties.l2CacheSize, 1);
  }

  cudaStream_t stream_;
  Buffer<char> other_data_;
  Event before_, after_;
};

/// The fastest proposal, and the time of the one that the heuristic takes.
struct Measured {
  PlannedProduct best;
  double heuristic_microseconds = 0;
  int algorithms = 0;
};

Measured measure(Context& context, Stopwatch& stopwatch, const ProductShape& shape, float beta) {
  const ProductLibrary& library = ProductLibrary::of(context);
  const ProductDescription description(library.handle(), shape, library.training_precision());
  const Operands operands(context, shape, beta);
  Measured measured{.best = {.shape = shape, .algorithm = {}}};
  for (const ChosenAlgorithm& proposal : description.proposals(most_proposals)) {
    const Algorithm numbers = description.numbers_of(proposal);
    // As a run will have it from the plan.
    const auto algorithm = description.named(numbers);
    if (!algorithm) continue;
    void* const scratch = algorithm->scratch_from(context);
    const double microseconds = stopwatch.microseconds([&] {
      for (int call = 0; call < calls; ++call) {
        description.multiply(*algorithm, operands.product(call), scratch, device::stream_of(context));
      }
    });
    if (measured.algorithms++ == 0) measured.heuristic_microseconds = microseconds;
    if (measured.best.microseconds > 0 && microseconds >= measured.best.microseconds) continue;
    measured.best.algorithm = numbers;
    measured.best.microseconds = microseconds;
  }
  require(measured.algorithms > 0, "none of cuBLASLt's algorithms for a product of {} can be named",
          text_of(shape));
  return measured;
}

}  // namespace

std::string measured_plan(Context& context, Log& log) {
  const ProductLibrary& library = ProductLibrary::of(context);
  const auto asked = library.asked_in_training();
  ProductPlan plan{device_model(context.device().index), product_library(), library.training_precision(), {}};
  Stopwatch stopwatch(context);
  double all = 0, all_by_heuristic = 0;
  for (const auto& [shape, beta] : asked) {
    const Measured measured = measure(context, stopwatch, shape, beta);
    plan.products.push_back(measured.best);
    all += measured.best.microseconds;
    all_by_heuristic += measured.heuristic_microseconds;
    log.info("tune: product {} of {}, {}: {:.2f} us, by the heuristic {:.2f} us ({} algorithms)",
             plan.products.size(), asked.size(), text_of(shape), measured.best.microseconds,
             measured.heuristic_microseconds, measured.algorithms);
  }
  log.info("tune: each of the {} products once: {:.1f} us, by the heuristic {:.1f} us", asked.size(), all,
           all_by_heuristic);
  return text_of(plan);
}

}  // namespace sparcell::cuda
