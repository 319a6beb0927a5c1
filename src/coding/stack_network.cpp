#include "bitlaw/coding/stack_network.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/model/config_choice.hpp"
#include "bitlaw/model/config_facts.hpp"

namespace bitlaw::coding {

using namespace model;

std::optional<FreshNetwork> fresh_of(const std::string& text) {
    if (!text.starts_with(kFreshPrefix)) {
        return std::nullopt;
    }
    const std::size_t begin = kFreshPrefix.size();
    const std::size_t colon = text.find(':', begin);
    const std::string preset = text.substr(begin, colon - begin);
    FreshNetwork fresh{.config = config_from(preset, {})};
    if (colon != std::string::npos) {
        fresh.seed = whole_value(text.substr(colon + 1), {});
    }
    return fresh;
}

Bytes encode_spec(const ModelConfig& config) {
    ByteWriter writer;
    write_config(writer, config);
    return writer.take();
}

StoredModel fresh_network(const ModelConfig& config, std::uint64_t seed) {
    const std::uint64_t parameters = parameter_count(config);
    if (parameters > kMaxFreshParameters) {
        fail("a network that begins with fresh weights has at most ", kMaxFreshParameters,
             " parameters, and this one has ", parameters, "; use a smaller one");
    }
    return {.model = initial_model(config, seed),
            .format = WeightFormatId::fp32,
            .id = 0,
            .record = {},
            .stored_bytes = 0};
}

StoredModel fresh_network(const Stack& stack) {
    BITLAW_ASSERT(stack.source == NetworkSource::seed);
    ByteReader reader(stack.spec, "the network's spec");
    const ModelConfig config = read_config(reader);
    if (reader.remaining() != 0) {
        fail("the network's spec has ", reader.remaining(), " bytes too many");
    }
    return fresh_network(config, stack.seed);
}

}  // namespace bitlaw::coding
