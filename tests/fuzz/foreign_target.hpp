#pragma once
/// \file Foreign files: any bytes as safetensors, models and tokenizers. The first byte chooses.

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bitlaw/interop/llama2c.hpp"
#include "bitlaw/interop/safetensors.hpp"
#include "bitlaw/interop/sentencepiece.hpp"
#include "bitlaw/interop/tokenizer_json.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "fuzz/targets.hpp"

namespace bitlaw::fuzz {

/// Every symbol of any text stands for its bytes or is the escape of one.
inline void tokenizer_target(const symbols::Vocabulary& vocabulary, ByteSpan text) {
    const symbols::Tokenizer tokenizer(std::make_shared<const symbols::Vocabulary>(vocabulary));
    const Bytes given = tokenizer.with_space(text);
    Bytes spelt;
    for (const symbols::Symbol symbol : tokenizer.encode(given)) {
        const ByteSpan bytes = vocabulary.bytes(symbol);
        spelt.insert(spelt.end(), bytes.begin(), bytes.end());
        if (bytes.empty()) {
            BITLAW_ASSERT(spelt.size() < given.size());
            spelt.push_back(given[spelt.size()]);
        }
    }
    BITLAW_ASSERT(spelt == given);
    BITLAW_ASSERT(symbols::Vocabulary::decode(vocabulary.encode(), "it").encode() == vocabulary.encode());
}

inline void foreign_target(ByteSpan input) {
    if (input.empty()) {
        return;
    }
    const ByteSpan file = input.subspan(1);
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    error_or_result([&] {
        switch (input.front() % 6) {
            case 0: {
                const interop::Safetensors tensors(file, "the input");
                for (const auto& [name, tensor] : tensors.tensors()) {
                    if (tensor.shape.size() == 2) {
                        std::vector<float> numbers(
                            static_cast<std::size_t>(tensor.shape[0] * tensor.shape[1]));
                        tensors.read(name, static_cast<std::size_t>(tensor.shape[0]),
                                     static_cast<std::size_t>(tensor.shape[1]), numbers);
                    }
                }
                break;
            }
            case 1: (void)interop::read_llama2c(file, "the input"); break;
            case 2: tokenizer_target(interop::read_llama2c_tokenizer(file, 7, "the input"), file); break;
            case 3:
                tokenizer_target(interop::vocabulary_from(interop::read_tokenizer_json(text, "the input"),
                                                          300, 0, "the input"),
                                 file);
                break;
            case 5:
                tokenizer_target(interop::sentencepiece_vocabulary(file, 300, {}, "the input"), file);
                break;
            default: tokenizer_target(symbols::Vocabulary::decode(file, "the input"), file); break;
        }
    });
}

}  // namespace bitlaw::fuzz
