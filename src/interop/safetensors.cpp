#include "bitlaw/interop/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/kernels/kernels.hpp"
#include "foreign_json.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;

namespace {

// A model of 100 layers has 30 KB; the format's own reader takes 100 MB.
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{1} << 24;
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxDimensions = 8;

std::size_t bytes_of(ForeignNumber number) { return number == ForeignNumber::fp32 ? 4 : 2; }

ForeignNumber number_named(const Json& json, const std::string& where) {
    const std::string text = json.is_string() ? json.get<std::string>() : "";
    if (text == "F32") {
        return ForeignNumber::fp32;
    }
    if (text == "F16") {
        return ForeignNumber::fp16;
    }
    if (text == "BF16") {
        return ForeignNumber::bf16;
    }
    fail(where, " is of type '", text, "', and F32, F16 and BF16 can be read; convert it first");
}

std::vector<std::uint64_t> whole_numbers(const Json& json, std::size_t most, const std::string& where) {
    std::vector<std::uint64_t> numbers;
    if (!json.is_array() || json.size() > most ||
        !std::all_of(json.begin(), json.end(), [](const Json& one) { return one.is_number_unsigned(); })) {
        fail(where, " has no list of at most ", most, " whole numbers where it needs one; copy it again");
    }
    for (const Json& one : json) {
        numbers.push_back(one.get<std::uint64_t>());
    }
    return numbers;
}

SafeTensor tensor_of(const Json& json, std::uint64_t data_bytes, const std::string& where) {
    SafeTensor tensor{number_named(foreign_member(json, "dtype"), where), {}, 0, 0};
    tensor.shape = whole_numbers(foreign_member(json, "shape"), kMaxDimensions, where);
    const std::vector<std::uint64_t> offsets = whole_numbers(foreign_member(json, "data_offsets"), 2, where);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes) {
        fail(where, " does not lie in its file's ", data_bytes, " bytes of tensors; copy it again");
    }
    tensor.begin = offsets[0];
    tensor.end = offsets[1];
    std::uint64_t bytes = bytes_of(tensor.number);
    for (const std::uint64_t size : tensor.shape) {
        if (size != 0 && bytes > data_bytes / size) {
            fail(where, " has a shape larger than its file; copy it again");
        }
        bytes *= size;
    }
    if (bytes != tensor.end - tensor.begin) {
        fail(where, " has ", tensor.end - tensor.begin, " bytes, and its shape needs ", bytes,
             "; copy it again");
    }
    return tensor;
}

}  // namespace

float widened_fp16(std::uint16_t bits) {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31;
    const std::uint32_t exponent = bits >> 10 & 31;
    const std::uint32_t fraction = bits & 1023U;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
    }
    const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

Safetensors::Safetensors(ByteSpan file, std::string name) : name_(std::move(name)) {
    ByteReader reader(file, name_);
    const std::uint64_t header_bytes = reader.u64();
    if (header_bytes > kMaxHeaderBytes || header_bytes > reader.remaining()) {
        fail(name_, " is no safetensors file, or truncated: its header would have ", header_bytes,
             " bytes; copy it again");
    }
    const ByteSpan text = reader.bytes(static_cast<std::size_t>(header_bytes));
    data_ = file.subspan(kLengthBytes + text.size());
    const Json header = parse_foreign_json({reinterpret_cast<const char*>(text.data()), text.size()}, name_);
    if (!header.is_object()) {
        fail(name_, " is no safetensors file: its header names no tensors; copy it again");
    }
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    for (const auto& [key, value] : header.items()) {
        if (key == "__metadata__") {
            continue;
        }
        const SafeTensor& tensor =
            tensors_.emplace(key, tensor_of(value, data_.size(), name_ + ": the tensor " + key))
                .first->second;
        places.emplace_back(tensor.begin, tensor.end);
    }
    std::sort(places.begin(), places.end());
    std::uint64_t end = 0;
    for (const auto& [first, last] : places) {
        if (first != end) {
            fail(name_, " has tensors that ", first < end ? "overlap" : "leave a hole", " at byte ", first,
                 "; copy it again");
        }
        end = last;
    }
    if (end != data_.size()) {
        fail(name_, " has ", data_.size() - end, " bytes behind its tensors; copy it again");
    }
}

void Safetensors::read(const std::string& tensor, std::size_t rows, std::size_t columns,
                       std::span<float> out) const {
    BITLAW_ASSERT(out.size() == rows * columns);
    const auto found = tensors_.find(tensor);
    if (found == tensors_.end()) {
        fail(name_, " has no tensor ", tensor, "; the model is another one, or incomplete");
    }
    const SafeTensor& t = found->second;
    const bool fits = (t.shape.size() == 2 && t.shape[0] == rows && t.shape[1] == columns) ||
                      (t.shape.size() == 1 && rows == 1 && t.shape[0] == columns);
    if (!fits) {
        fail(name_, ": the tensor ", tensor, " does not have the shape ", rows, " x ", columns,
             " that the config says; the model is another one, or damaged");
    }
    ByteReader reader(data_.subspan(static_cast<std::size_t>(t.begin)), name_);
    for (float& number : out) {
        switch (t.number) {
            case ForeignNumber::fp32: number = reader.f32(); break;
            case ForeignNumber::fp16: number = widened_fp16(reader.u16()); break;
            case ForeignNumber::bf16: number = std::bit_cast<float>(std::uint32_t{reader.u16()} << 16); break;
        }
    }
}

void SafetensorsWriter::add(const std::string& name, std::size_t rows, std::size_t columns,
                            std::span<const float> weights) {
    BITLAW_ASSERT(weights.size() == rows * columns && number_ != ForeignNumber::fp16);
    const std::size_t begin = data_.size();
    std::vector<float> rounded(weights.begin(), weights.end());
    if (number_ == ForeignNumber::bf16) {
        kernels::kernel_table().round_bf16(rounded.data(), rounded.size(), rounded.data());
    }
    for (const float weight : rounded) {
        const auto bits = std::bit_cast<std::uint32_t>(weight);
        number_ == ForeignNumber::fp32 ? data_.u32(bits) : data_.u16(static_cast<std::uint16_t>(bits >> 16));
    }
    const Json shape = rows == 1 ? Json{columns} : Json{rows, columns};
    header_ += text_of(header_.empty() ? "{" : ",", Json(name).dump(), ":{\"dtype\":\"",
                       number_ == ForeignNumber::fp32 ? "F32" : "BF16", "\",\"shape\":", shape.dump(),
                       ",\"data_offsets\":[", begin, ",", data_.size(), "]}");
}

Bytes SafetensorsWriter::finish() const {
    std::string header = header_.empty() ? "{}" : header_ + "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');  // tensors begin at multiples of 8
    ByteWriter writer;
    writer.u64(header.size());
    writer.bytes({reinterpret_cast<const std::uint8_t*>(header.data()), header.size()});
    writer.bytes(data_.data());
    return writer.take();
}

}  // namespace bitlaw::interop
