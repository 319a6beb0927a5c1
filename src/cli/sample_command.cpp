#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/baselines/compressor_list.hpp"
#include "bitlaw/baselines/continuation.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/coding/stream_predictor.hpp"
#include "bitlaw/predict/drawn_text.hpp"
#include "bitlaw/predict/learning_predictor.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "learning_options.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;
using namespace model;
using namespace predict;
using namespace train;

namespace {

// What is written: as it is, but on a terminal control characters as \xHH, since a model may write any.
class Text {
   public:
    void write(ByteSpan bytes) {
        if (!terminal_) {
            out_.write(bytes);
            return;
        }
        for (const std::uint8_t byte : bytes) {
            const bool harmless = byte == '\n' || byte == '\t' || (byte >= 32 && byte != 127);
            // U+0080 to U+009F, which are C2 80 to C2 9F, are control characters too.
            const bool second = before_ == 0xC2 && byte >= 0x80 && byte < 0xA0;
            before_ = byte;
            if (harmless && !second) {
                out_.write({&byte, 1});
                continue;
            }
            constexpr const char* kDigits = "0123456789abcdef";
            const std::array<std::uint8_t, 4> escaped{'\\', 'x',
                                                      static_cast<std::uint8_t>(kDigits[byte / 16]),
                                                      static_cast<std::uint8_t>(kDigits[byte % 16])};
            out_.write(escaped);
        }
    }

   private:
    Output out_;
    bool terminal_ = is_terminal(STDOUT_FILENO);
    std::uint8_t before_ = 0;
};

// One stream: a step comes after as many bytes as archives have between two steps in all streams together.
LearningRecipe recipe_for(const SampleArguments& a, const StoredModel& model) {
    const Bytes begin(a.prompt.begin(), a.prompt.end());
    const LearningPlace place{.fresh = coding::fresh_of(a.model).has_value(), .mixed = a.mix.has_value()};
    LearningRecipe recipe = recipe_of(a.learning, model, place, begin);
    if (a.learning.words.contains("learn_segment")) {
        recipe.streams = 1;
    }
    recipe = with_streams(recipe, 1);
    check_learning_memory(model.model.config, recipe);
    return recipe;
}

ByteSpan prompt_of(const SampleArguments& a) {
    return {reinterpret_cast<const std::uint8_t*>(a.prompt.data()), a.prompt.size()};
}

void sample_bytes(Predictor& predictor, const SampleArguments& a, Text& out) {
    const std::size_t alphabet = predictor.alphabet();
    if (alphabet > 256) {
        fail("the model's alphabet has ", alphabet,
             " symbols, which are no bytes, and it has no vocabulary; sample needs one or the other");
    }
    Drawer drawer(a.seed, a.temperature == 0.0, {a.top_k, a.top_p});
    draw_text(predictor, prompt_of(a), a.bytes, drawer, [&](std::uint8_t byte) {
        throw_if_stopped("the text ends here");
        out.write({&byte, 1});
    });
}

// Tokens until there are enough bytes, or a new context begins. Special tokens are not printed, nor is the
// space that the vocabulary puts before a text.
void sample_tokens(Predictor& predictor, const Model& model, const SampleArguments& a, Text& out) {
    const Tokenizer tokenizer(model.vocabulary);
    const Vocabulary& vocabulary = tokenizer.vocabulary();
    const Bytes text = tokenizer.with_space(prompt_of(a));
    const std::vector<Symbol> prompt = a.prompt.empty() ? std::vector<Symbol>{} : tokenizer.encode(text);
    SymbolStream stream(predictor, prompt.size() + a.bytes + 1);
    StreamTeacher teacher;
    for (const Symbol symbol : prompt) {
        (void)stream.next(teacher, symbol);
    }
    Drawer drawer(a.seed, a.temperature == 0.0, {a.top_k, a.top_p});
    std::uint64_t left = a.bytes;
    bool first = prompt.empty() && vocabulary.leading_space();
    for (std::uint64_t tokens = 0; left > 0 && tokens < a.bytes; ++tokens) {
        throw_if_stopped("the text ends here");
        const Symbol symbol = stream.next(drawer, 0);
        if (symbol == kStartSymbol) {
            break;
        }
        ByteSpan bytes = vocabulary.bytes(symbol);
        if (first && !bytes.empty()) {
            bytes = bytes.subspan(bytes.front() == ' ' ? 1 : 0);
            first = false;
        }
        bytes = bytes.first(std::min<std::size_t>(bytes.size(), left));
        out.write(bytes);
        left -= bytes.size();
    }
}

// Experts ask bit by bit, so that there is no list of bytes of which some could be left out.
void sample_mixed(const SampleArguments& a, Text& out) {
    if ((a.temperature != 0.0 && a.temperature != 1.0) || a.top_k != 0 || a.top_p != 1.0) {
        fail_usage("experts draw bit by bit; leave --top-k and --top-p out, and let --temperature be 0 or 1");
    }
    if (a.learning.learn) {
        require_learner(a.model);
    }
    ModelShelf shelf(a.model);
    const StoredModel* const network = a.model == kNoModel ? nullptr : &shelf.chosen();
    coding::CompressOptions options;
    if (network != nullptr && a.learning.learn) {
        options.stack = learned_stack(recipe_for(a, *network), *network, a.model);
    } else {
        options.stack.source =
            network == nullptr ? coding::NetworkSource::none : coding::NetworkSource::model;
    }
    mix_with(options, coding::mixing_for(a.mix.value_or(ExpertSet::full), a.prompt.size() + a.bytes));
    coding::StreamPredictor stream(network, options);
    sample_bytes(stream.predictor(prompt_of(a)), a, out);
}

void sample_compressor(const SampleArguments& a, Text& out) {
    if (!a.model.empty() || a.mix || a.learning.learn || a.top_k != 0 || a.top_p != 1.0) {
        fail_usage("--compressor writes without a model; leave out -m, --mix, --learn, --top-k and --top-p");
    }
    // A .xz file is a multiple of four bytes long, so that lengths would tell continuations apart by 32 bits.
    const std::string key = a.compressor == "xz" ? "lzma2" : a.compressor;
    const baselines::Compressor compressor = baselines::choose_compressors({key}).front();
    draw_continuation(
        compressor, prompt_of(a), a.bytes,
        {.look_ahead = a.look_ahead, .temperature = a.temperature, .seed = a.seed},
        [&](ByteSpan bytes) { out.write(bytes); }, [] { throw_if_stopped("the text ends here"); });
}

void sample_network(const SampleArguments& a, Text& out) {
    ModelShelf shelf(a.model);
    const StoredModel& stored = shelf.chosen();
    const ModelConfig& config = stored.model.config;
    const PackedModel packed(stored.model, PackFor::inference);
    const double temperature = a.temperature == 0.0 ? 1.0 : a.temperature;
    const std::uint64_t reset = default_reset(config);
    std::unique_ptr<Predictor> predictor;
    if (a.learning.learn) {
        predictor = std::make_unique<LearningPredictor>(
            stored.model, LearningOptions{recipe_for(a, stored), reset, temperature});
    } else {
        predictor = std::make_unique<NetworkPredictor>(
            packed, NetworkOptions{.reset_every = reset, .temperature = temperature});
    }
    if (stored.model.vocabulary != nullptr) {
        sample_tokens(*predictor, stored.model, a, out);
    } else {
        sample_bytes(*predictor, a, out);
    }
}

}  // namespace

int run_sample(const SampleArguments& arguments) {
    const FloatStateGuard float_state;
    // Logits divided by less could leave fp32's range, and differences of 0.02 already decide at this one.
    constexpr double kMinTemperature = 1e-3;
    if (arguments.temperature != 0.0 && arguments.temperature < kMinTemperature) {
        fail_usage("--temperature: ", arguments.temperature, " is too small; it must be 0 or lie in ",
                   kMinTemperature, " .. 100");
    }
    SampleArguments a = arguments;
    if (!a.prompt_file.empty()) {
        if (!a.prompt.empty()) {
            fail_usage("--prompt and --prompt-file both say what the model reads first; give one of the two");
        }
        constexpr std::uint64_t kMaxPromptBytes = std::uint64_t{1} << 24;
        const Bytes file = read_file(a.prompt_file, kMaxPromptBytes);
        a.prompt.assign(file.begin(), file.end());
    }
    require_learning(a.learning);
    Text out;
    if (!a.compressor.empty()) {
        sample_compressor(a, out);
    } else if (a.mix || a.model == kNoModel) {
        sample_mixed(a, out);
    } else {
        sample_network(a, out);
    }
    if (is_terminal(STDOUT_FILENO)) {
        note("");
    }
    return kDone;
}

}  // namespace bitlaw::cli
