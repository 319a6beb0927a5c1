#include "bitlaw/predict/coder.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/math.hpp"
#include "bitlaw/predict/frequencies.hpp"

namespace bitlaw::predict {

using namespace symbols;

Symbol StreamEncoder::symbol(std::span<const std::uint32_t> frequency, Symbol known) {
    encode_symbol(range_, frequency, known);
    return known;
}

bool StreamEncoder::bit(std::uint32_t ones, unsigned bits, bool known) {
    range_.encode_bit(ones, bits, known);
    return known;
}

Symbol StreamDecoder::symbol(std::span<const std::uint32_t> frequency, Symbol) {
    return decode_symbol(range_, frequency);
}

bool StreamDecoder::bit(std::uint32_t ones, unsigned bits, bool) { return range_.decode_bit(ones, bits); }

Symbol StreamMeter::symbol(std::span<const std::uint32_t> frequency, Symbol known) {
    bits_ += symbol_bits(frequency, known);
    return known;
}

bool StreamMeter::bit(std::uint32_t ones, unsigned bits, bool known) {
    BITLAW_ASSERT(bits >= 1 && bits <= 32 && ones >= 1 && std::uint64_t{ones} < std::uint64_t{1} << bits);
    const std::uint64_t size = known ? ones : (std::uint64_t{1} << bits) - ones;
    bits_ += bits - exact_log2(static_cast<double>(size));
    return known;
}

}  // namespace bitlaw::predict
