#include "bitlaw/predict/drawn_text.hpp"

#include <memory>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/predict/drawer.hpp"
#include "bitlaw/predict/network_predictor.hpp"

namespace bitlaw::predict {

using namespace symbols;
using namespace model;

void validate(const DrawOptions& options) {
    // Logits divided by less could leave fp32's range, and differences of 0.02 already decide at this one.
    constexpr double kMinTemperature = 1e-3;
    if (options.temperature != 0.0 && options.temperature < kMinTemperature) {
        fail_usage("temperature: ", options.temperature, " is too small; it must be 0 or lie in ",
                   kMinTemperature, " .. 100");
    }
}

void require_bytes(const DrawOptions& options, const ModelConfig& config) {
    if (config.alphabet > 256) {
        fail("the model's alphabet has ", config.alphabet,
             " symbols, which are no bytes; only a byte model can write text");
    }
    for (const char c : options.prompt) {
        if (static_cast<unsigned char>(c) >= config.alphabet) {
            fail_usage("byte ", +static_cast<unsigned char>(c),
                       " of the prompt is not in the model's alphabet of ", config.alphabet);
        }
    }
}

void draw_text(Predictor& predictor, const DrawOptions& options,
               const std::function<void(std::uint8_t)>& write) {
    const std::size_t length = options.prompt.size() + options.bytes;
    predictor.begin({&length, 1});
    const auto next = [&](Coder& coder, Symbol symbol) {
        Coder* const asked = &coder;
        predictor.step({&asked, 1}, {&symbol, 1});
        return symbol;
    };
    StreamTeacher teacher;
    for (const char c : options.prompt) {
        (void)next(teacher, static_cast<unsigned char>(c));
    }
    Drawer drawer(options.seed, options.temperature == 0.0);
    for (std::uint64_t i = 0; i < options.bytes; ++i) {
        write(static_cast<std::uint8_t>(next(drawer, 0)));
    }
}

void draw_text(const PackedModel& model, const DrawOptions& options,
               const std::function<void(std::uint8_t)>& write) {
    const FloatStateGuard float_state;
    validate(options);
    require_bytes(options, model.config());
    NetworkPredictor predictor(
        model, {.reset_every = default_reset(model.config()), .temperature = options.logit_divisor()});
    draw_text(predictor, options, write);
}

}  // namespace bitlaw::predict
