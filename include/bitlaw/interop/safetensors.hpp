#pragma once
/// \file Safetensors: a header of JSON that says where each tensor lies, then the tensors
/// (github.com/huggingface/safetensors).

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::interop {

/// How numbers are stored: 4, 2 and 2 bytes.
enum class ForeignNumber { fp32, fp16, bf16 };

struct SafeTensor {
    ForeignNumber number;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin;  ///< first byte behind the header
    std::uint64_t end;
};

/// The header of a file, checked: tensors lie one behind the other and fill the file, each as long as its
/// shape says.
class Safetensors {
   public:
    /// The span must outlive this. Throws Error with `name` in it.
    Safetensors(ByteSpan file, std::string name);
    [[nodiscard]] const std::map<std::string, SafeTensor>& tensors() const { return tensors_; }
    /// A tensor [rows, columns], or [columns] where rows is 1, widened to fp32. Throws Error when there is
    /// none of that name and shape.
    void read(const std::string& tensor, std::size_t rows, std::size_t columns, std::span<float> out) const;

   private:
    ByteSpan data_;
    std::string name_;
    std::map<std::string, SafeTensor> tensors_;
};

/// Writes tensors in the order in which they are added, as fp32 or bf16 (rounded to nearest, ties to even).
class SafetensorsWriter {
   public:
    explicit SafetensorsWriter(ForeignNumber number) : number_(number) {}
    /// weights [rows, columns]; rows 1: [columns].
    void add(const std::string& name, std::size_t rows, std::size_t columns, std::span<const float> weights);
    [[nodiscard]] Bytes finish() const;

   private:
    ForeignNumber number_;
    std::string header_;
    ByteWriter data_;
};

/// The number of an IEEE binary16; exact.
[[nodiscard]] float widened_fp16(std::uint16_t bits);

}  // namespace bitlaw::interop
