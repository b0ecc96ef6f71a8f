#include "model/arena.h"

#include <utility>

namespace sparcell {
namespace {

constexpr std::int64_t alignment = 16;  // elements: every tensor starts on a cache line

/// rows x cols on one side, cols x rows on the other.
template <class T>
std::vector<T> transposed(std::span<const T> values, std::int64_t rows, std::int64_t cols) {
  std::vector<T> out(values.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) out[c * rows + r] = values[r * cols + c];
  }
  return out;
}

}  // namespace

template <class T>
int Arena<T>::add(Tensor tensor) {
  require(values_.size() == 0, "the arena got the tensor {} after its memory", tensor.name);
  tensor.offset = size_;
  size_ = end_of(tensor);
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(tensors_.size()) - 1;
}

template <class T>
std::int64_t Arena<T>::end_of(const Tensor& tensor) {
  return tensor.offset + (tensor.size() + alignment - 1) / alignment * alignment;
}

template <class T>
int Arena<T>::add_matrix(const std::string& name, std::int64_t rows, std::int64_t cols, bool input_major) {
  return add(
      {.name = name, .rows = rows, .cols = cols, .vector = false, .input_major = input_major, .offset = 0});
}

template <class T>
int Arena<T>::add_vector(const std::string& name, std::int64_t size) {
  return add({.name = name, .rows = size, .cols = 1, .vector = true, .input_major = false, .offset = 0});
}

template <class T>
void Arena<T>::allocate(Context& context, bool with_gradients) {
  context_ = &context;
  values_ = Buffer<T>(context, size_);
  if (!with_gradients) return;
  gradients_ = Buffer<T>(context, size_);
  first_moments_ = Buffer<T>(context, size_);
  second_moments_ = Buffer<T>(context, size_);
}

template <class T>
std::int64_t Arena<T>::element_count() const {
  std::int64_t count = 0;
  for (const Tensor& tensor : tensors_) count += tensor.size();
  return count;
}

template <class T>
const Buffer<T>& Arena<T>::buffer(Part part) const {
  switch (part) {
    case Part::gradients:
      return gradients_;
    case Part::first_moments:
      return first_moments_;
    case Part::second_moments:
      return second_moments_;
    default:
      return values_;
  }
}

template <class T>
MatrixView<T> Arena<T>::matrix_in(const Buffer<T>& buffer, int tensor) const {
  const Tensor& t = tensors_.at(static_cast<std::size_t>(tensor));
  T* data = buffer.data() + t.offset;
  return t.input_major ? MatrixView<T>(data, t.cols, t.rows) : MatrixView<T>(data, t.rows, t.cols);
}

template <class T>
std::span<T> Arena<T>::vector_in(const Buffer<T>& buffer, int tensor) const {
  const Tensor& t = tensors_.at(static_cast<std::size_t>(tensor));
  return {buffer.data() + t.offset, static_cast<std::size_t>(t.size())};
}

template <class T>
std::vector<T> Arena<T>::read(int tensor, Part part) const {
  const Tensor& t = tensors_.at(static_cast<std::size_t>(tensor));
  std::vector<T> host(static_cast<std::size_t>(t.size()));
  context_->memory().copy_to_host(host.data(), buffer(part).data() + t.offset, host.size() * sizeof(T));
  return t.input_major ? transposed<T>(host, t.cols, t.rows) : host;
}

template <class T>
void Arena<T>::show_gradients(const Watch<T>& watch) {
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    watch({tensors_[i].name + ": gradient", matrix_gradient(static_cast<int>(i))});
}

template <class T>
void Arena<T>::copy_to_host(Part part, Context& host, Buffer<T>& copy) const {
  const Buffer<T>& from = buffer(part);
  if (copy.size() != from.size()) copy = Buffer<T>(host, from.size());
  from.download(copy.span());
}

template <class T>
std::vector<T> Arena<T>::take(int tensor, std::span<const T> host) const {
  const Tensor& t = tensors_.at(static_cast<std::size_t>(tensor));
  const auto values = host.subspan(static_cast<std::size_t>(t.offset), static_cast<std::size_t>(t.size()));
  return t.input_major ? transposed<T>(values, t.cols, t.rows) : std::vector<T>(values.begin(), values.end());
}

template <class T>
void Arena<T>::write(int tensor, std::span<const T> host, Part part) {
  const Tensor& t = tensors_.at(static_cast<std::size_t>(tensor));
  require(static_cast<std::int64_t>(host.size()) == t.size(), "tensor {} has {} elements, got {}", t.name,
          t.size(), host.size());
  T* to = buffer(part).data() + t.offset;
  if (t.input_major) {
    const std::vector<T> turned = transposed<T>(host, t.rows, t.cols);
    context_->memory().copy_to_device(to, turned.data(), turned.size() * sizeof(T));
  } else {
    context_->memory().copy_to_device(to, host.data(), host.size() * sizeof(T));
  }
}

template class Arena<float>;
template class Arena<double>;

}  // namespace sparcell
