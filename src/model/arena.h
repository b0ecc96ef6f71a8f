// Many named tensors in one contiguous piece of device memory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/watched.h"
#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

/// Tensors are added first, then memory is allocated once. Names and host layouts are those of PyTorch's
/// state_dict; a weight that is stored input-major on the device (in x out) is transposed on its way to and
/// from the host.
template <class T>
class Arena {
 public:
  struct Tensor {
    std::string name;
    std::int64_t rows = 0;  ///< as PyTorch has it: out
    std::int64_t cols = 0;  ///< in; 1 for vectors
    bool vector = false;
    bool input_major = false;
    std::int64_t offset = 0;

    std::int64_t size() const { return rows * cols; }
  };

  /// Adds a tensor and returns its number.
  int add_matrix(const std::string& name, std::int64_t rows, std::int64_t cols, bool input_major = false);
  int add_vector(const std::string& name, std::int64_t size);
  void allocate(Context& context, bool with_gradients);

  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// Where the next tensor begins: behind the padding.
  static std::int64_t end_of(const Tensor& tensor);
  /// Number of elements of all tensors, without the padding between them.
  std::int64_t element_count() const;

  std::span<T> values() { return values_.span(); }
  std::span<T> gradients() { return gradients_.span(); }
  std::span<T> first_moments() { return first_moments_.span(); }
  std::span<T> second_moments() { return second_moments_.span(); }

  /// Views of one tensor in its device layout.
  MatrixView<T> matrix(int tensor) { return matrix_in(values_, tensor); }
  MatrixView<T> matrix_gradient(int tensor) { return matrix_in(gradients_, tensor); }
  std::span<T> vector(int tensor) { return vector_in(values_, tensor); }
  std::span<T> vector_gradient(int tensor) { return vector_in(gradients_, tensor); }

  enum class Part { values, gradients, first_moments, second_moments };
  std::vector<T> read(int tensor, Part part = Part::values) const;
  void write(int tensor, std::span<const T> host, Part part = Part::values);
  /// Shows every tensor's gradient.
  void show_gradients(const Watch<T>& watch);
  /// A whole part as it lies on the device, and one tensor of such a copy as `read` would give it. Memory of
  /// that size that `copy` has is used again.
  void copy_to_host(Part part, Context& host, Buffer<T>& copy) const;
  std::vector<T> take(int tensor, std::span<const T> host) const;

 private:
  int add(Tensor tensor);
  const Buffer<T>& buffer(Part part) const;
  MatrixView<T> matrix_in(const Buffer<T>& buffer, int tensor) const;
  std::span<T> vector_in(const Buffer<T>& buffer, int tensor) const;

  Context* context_ = nullptr;
  std::vector<Tensor> tensors_;
  std::int64_t size_ = 0;
  Buffer<T> values_, gradients_, first_moments_, second_moments_;
};

}  // namespace sparcell
