#include "bitlaw/predict/mixing_options.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {

void validate(const MixingOptions& options) {
    if (options.set != ExpertSet::first_fast && options.set != ExpertSet::full &&
        options.set != ExpertSet::fast) {
        fail_usage("there is no set ", int{static_cast<std::uint8_t>(options.set)},
                   " of experts; use a newer bitlaw, or choose fast or full");
    }
    if (options.memory < kMinMixingMemory || options.memory > kMaxMixingMemory) {
        fail_usage("the memory of context mixing must be ", kMinMixingMemory, " to ", kMaxMixingMemory,
                   " bytes, not ", options.memory);
    }
    if (options.bytes < 1 || options.bytes > kMaxMixingBytes) {
        fail_usage("the history of context mixing must be 1 to ", kMaxMixingBytes, " bytes, not ",
                   options.bytes);
    }
}

Bytes encode_mixing(const MixingOptions& options) {
    ByteWriter writer;
    writer.varint(~options.experts);
    writer.varint(options.bytes);
    writer.varint(options.memory);
    return writer.take();
}

MixingOptions decode_mixing(std::uint64_t set, ByteSpan settings) {
    ByteReader reader(settings, "the settings of context mixing");
    MixingOptions options;
    options.set = set > 255 ? ExpertSet{} : static_cast<ExpertSet>(set);
    options.experts = ~reader.varint();
    options.bytes = reader.varint();
    options.memory = reader.varint();
    if (reader.remaining() != 0) {
        fail("the settings of context mixing have ", reader.remaining(), " bytes too many");
    }
    try {
        validate(options);
    } catch (const UsageError& error) {  // of who wrote it
        fail(error.what());
    }
    return options;
}

}  // namespace bitlaw::predict
