#include "bitlaw/predict/drawn_text.hpp"

#include "bitlaw/base/error.hpp"

namespace bitlaw::predict {

using namespace symbols;

SymbolStream::SymbolStream(Predictor& predictor, std::size_t length) : predictor_(predictor) {
    predictor_.begin({&length, 1});
}

Symbol SymbolStream::next(Coder& coder, Symbol known) {
    Coder* const asked = &coder;
    predictor_.step({&asked, 1}, {&known, 1});
    return known;
}

void require_in_alphabet(ByteSpan prompt, std::size_t alphabet) {
    for (const std::uint8_t byte : prompt) {
        if (byte >= alphabet) {
            fail_usage("byte ", int{byte}, " of the prompt is not in the model's alphabet of ", alphabet);
        }
    }
}

void draw_text(Predictor& predictor, ByteSpan prompt, std::uint64_t bytes, Drawer& drawer,
               const std::function<void(std::uint8_t)>& write) {
    BITLAW_ASSERT(predictor.alphabet() <= 256);
    require_in_alphabet(prompt, predictor.alphabet());
    SymbolStream stream(predictor, prompt.size() + bytes);
    StreamTeacher teacher;
    for (const std::uint8_t byte : prompt) {
        (void)stream.next(teacher, byte);
    }
    for (std::uint64_t i = 0; i < bytes; ++i) {
        write(static_cast<std::uint8_t>(stream.next(drawer, 0)));
    }
}

}  // namespace bitlaw::predict
