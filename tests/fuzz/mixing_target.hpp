#pragma once
/// \file One input through context mixing: set, experts, form of data, streams and a network from its first
/// bytes; the rest as data, which must come back, and as code, which must give something.

#include <algorithm>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/coding/block.hpp"
#include "bitlaw/predict/mixing_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "support/tiny_model.hpp"

namespace bitlaw::fuzz {

inline void mixing_target(ByteSpan input) {
    constexpr std::size_t kHead = 8;
    if (input.size() < kHead + 1 || input.size() > 4096) {
        return;
    }
    set_thread_count(1);
    const ByteSpan rest = input.subspan(kHead);
    predict::MixingOptions options;
    options.set = static_cast<predict::ExpertSet>(1 + input[0] % 3);
    options.experts =
        input[1] == 0 ? ~std::uint64_t{0} : std::uint64_t{input[1]} | std::uint64_t{input[2]} << 8;
    options.bytes = 2 * rest.size();
    options.memory = predict::kMinMixingMemory;
    predict::DataForm form{static_cast<predict::DataKind>(input[3] % 5), 0, false};
    form.width = form.kind == predict::DataKind::text ? 0U : 1U + input[4] + (input[5] % 4) * 256U;
    const std::size_t streams = std::min<std::size_t>(1 + input[6] % 9, rest.size());
    static const model::StoredModel model =
        test::noisy_model(test::smallest_config(model::Architecture::modern, 256), 3);
    static const model::PackedModel packed(model.model, model::PackFor::inference);
    predict::TableMaker network;
    if (input[7] % 2 != 0) {
        network = [] {
            return std::make_unique<predict::NetworkPredictor>(packed, predict::NetworkOptions{});
        };
    }
    // Two blocks of a chain each: the second begins with what the first has left.
    predict::MixingPredictor writer(options, network, 1 + input[7] / 2 % 4);
    predict::MixingPredictor reader(options, network, 1 + input[7] / 8 % 4);
    predict::MixingPredictor wild(options, network, 2);
    Bytes plain(rest.size());
    for (int block = 0; block < 2; ++block) {
        writer.set_form(form);
        reader.set_form(form);
        const std::vector<Bytes> code = coding::encode_streams(writer, rest, streams, {});
        const std::vector<ByteSpan> payloads(code.begin(), code.end());
        coding::decode_streams(reader, payloads, plain, {});
        BITLAW_ASSERT(std::equal(rest.begin(), rest.end(), plain.begin()));
        wild.set_form(form);
        coding::decode_streams(wild, std::vector<ByteSpan>(streams, rest), plain, {});
    }
}

}  // namespace bitlaw::fuzz
