#include "bitlaw/train/train_fields.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/model/config_fields.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/corpus.hpp"

namespace bitlaw::train {

using namespace model;
namespace {

// A batch beyond this would keep one step busy for hours; the bound also keeps products of sizes within 64
// bits.
constexpr WholeRange kBatchRange{1, std::uint64_t{1} << 32};
constexpr WholeRange kTokenRange{0, std::uint64_t{1} << 56};
constexpr WholeRange kValidationRange{0, std::uint64_t{1} << 32};
constexpr WholeRange kStepRange{0, std::uint64_t{1} << 56};
constexpr RealRange kRateRange{0, 1000};
constexpr RealRange kShareRange{0, 1};
// Just below 1, where the float that the kernels compute with still is.
constexpr RealRange kMemoryRange{0, 0.9999999};

using O = TrainOptions;

// The weights of the data, one line of the record.
Field<O> data_weights() {
    Field<O> field{
        {.name = "weights", .record = "weights", .is_of_process = true}, FieldKind::text, {}, {}, {}, {}, {}};
    field.write = [](const O& options) {
        std::string weights;
        for (const std::string& data : options.data) {
            if (const auto weight = parse_weighted_range(data).weight) {
                weights += (weights.empty() ? "" : ",") + exact_text(*weight);
            }
        }
        return weights.empty() ? Words{} : Words{weights};
    };
    return field;
}

// What the vocabulary is, wherever its file lies.
Field<O> vocabulary_hash() {
    Field<O> field{
        {.name = "tokenizer_hash", .label = "tokenizer", .record = "tokenizer", .is_of_process = true},
        FieldKind::text,
        {},
        {},
        {},
        {},
        {}};
    field.write = [](const O& options) {
        return options.vocabulary == nullptr ? Words{}
                                             : Words{hex64(symbols::vocabulary_id(*options.vocabulary))};
    };
    return field;
}

Field<O> weight_format(FieldInfo info) {
    Field<O> field = choice_field(&O::weight_format,
                                  {{"bf16", WeightFormatId::bf16},
                                   {"fp32", WeightFormatId::fp32},
                                   {"trellis", WeightFormatId::trellis}},
                                  std::move(info));
    field.read = [read = field.read](O& options, const Words& words) {
        if (only_word(words) == "int8") {
            fail_usage("int8 is made of a trained model; see 'bitlaw export --help'");
        }
        read(options, words);
    };
    return field;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

// 0 stands for "none is given", so it cannot be given.
Field<O> positive(Field<O> field) {
    field.read = [read = field.read, write = field.write](O& options, const Words& words) {
        read(options, words);
        if (write(options).front() == "0") {
            fail_usage("'", words.front(), "' must be more than 0");
        }
    };
    return field;
}

// Not written where no weights are rounded.
Field<O> of_rounding(Field<O> field) {
    field.write = [write = field.write](const O& options) {
        return options.weight_bits == 0.0 ? Words{} : write(options);
    };
    return field;
}

// The model that a run begins with, one line of the record.
Field<O> first_model() {
    Field<O> field{
        {.name = "from_model", .record = "from", .is_of_process = true}, FieldKind::text, {}, {}, {}, {}, {}};
    field.write = [](const O& options) {
        return options.from_id == 0 ? Words{} : Words{hex64(options.from_id)};
    };
    return field;
}

// Not written where Muon takes nothing.
Field<O> of_muon(Field<O> field) {
    field.write = [write = field.write](const O& options) {
        return options.optimizer == Optimizer::adamw ? Words{} : write(options);
    };
    return field;
}

Fields<O> make_fields() {
    const std::string network = "Network";
    const std::string training = "Training";
    // clang-format off
    Fields<O> fields{
        list_field(&O::data, {.name = "data", .help = "training files; FILE@BEGIN:END for a range of bytes, FILE:0.7 for a share of the sequences; a folder or a quoted pattern for all its files, @LIST for those that a file names", .is_required = true}),
        list_field(&O::validation, {.name = "validation", .help = "held-out files, named alike"}),
        text_field(&O::out, {.name = "out", .help = "folder for model.blm, state.bls, metrics.csv, run.json and train.conf", .type = "DIR", .letter = "-o", .is_required = true, .is_of_process = true}),
        text_field(&O::preset, {.name = "preset", .help = "sizes of the network: " + joined(preset_names()), .type = "NAME", .group = network, .record = "preset"}),
        weight_format({.name = "weight_format", .help = "how the weights are stored: bf16 or fp32; trellis with --weight-bits", .label = "weights in", .group = network, .old_names = {"model_precision"}, .record = "model_precision", .is_schedule = true}),
        of_rounding(positive(real_field(&O::weight_bits, {0, 12}, {.name = "weight_bits", .help = "end with weights rounded to levels of so many bits each, entropy-coded, all included; rows are rounded one share after the other while the others learn", .shown_default = "not rounded", .group = network, .record = "weight_bits", .is_schedule = true}))),
        of_rounding(real_field(&O::weight_bits_from, kShareRange, {.name = "weight_bits_from", .help = "share of the steps behind which rounding begins; 1: at the end only", .shown_default = "0.8", .group = network, .record = "weight_bits_from", .is_schedule = true})),
        text_field(&O::from, {.name = "from", .help = "begin with this model's weights and network", .type = "MODEL"}),
        first_model(),
        whole_field(&O::seed, {}, {.name = "seed", .help = "of the weights and of the order of the data", .group = training, .record = "seed"}),
        data_weights(),
        text_field(&O::tokenizer, {.name = "tokenizer", .help = "train on the tokens of a vocabulary that 'bitlaw tokenizer' made, instead of bytes; the network predicts these", .type = "FILE"}),
        vocabulary_hash(),
        positive(whole_field(&O::tokens, kTokenRange, {.name = "tokens", .help = "bytes to train on", .shown_default = text_of(kTokensPerParameter, " a parameter"), .excludes = "minutes", .record = "tokens", .is_schedule = true})),
        positive(real_field(&O::minutes, {0, 1e6}, {.name = "minutes", .help = "time to train for: calibrated once to a number of tokens", .excludes = "tokens", .is_of_process = true})),
        flag_field(&O::resume, {.name = "resume", .help = "continue the run in DIR; the other options must be the same", .is_of_process = true}),
        flag_field(&O::overwrite, {.name = "force", .help = "allow a DIR that holds another run, and overwrite it", .letter = "-f", .is_of_process = true}),
        whole_field(&O::batch_tokens, kBatchRange, {.name = "batch_tokens", .help = "bytes a step; with a tokenizer, tokens", .group = training, .record = "batch_tokens"}),
        whole_field(&O::micro_batch_tokens, {0, kBatchRange.max}, {.name = "micro_batch_tokens", .help = "bytes, or tokens, in memory at once; changes memory, never a bit", .shown_default = "1024 or 2048 by width, at least a sequence", .group = training, .is_of_process = true}),
        real_field(&O::learning_rate, kRateRange, {.name = "learning_rate", .help = "peak learning rate", .shown_default = "by width and bytes", .group = training, .letter = "--lr", .old_names = {"lr"}, .record = "learning_rate"}),
        choice_field(&O::optimizer, {{"automatic", Optimizer::automatic}, {"adamw", Optimizer::adamw}, {"muon", Optimizer::muon}},
            {.name = "optimizer", .help = "of the hidden matrices: adamw or muon; the rest is AdamW's", .shown_default = family_defaults([](const Family& f) -> std::string { return f.recipe == Recipe::muon ? "muon" : "adamw"; }), .group = training}),
        of_muon(real_field(&O::matrix_learning_rate, kRateRange, {.name = "matrix_learning_rate", .help = "Muon's peak learning rate", .shown_default = "by width and bytes", .group = training, .letter = "--matrix-lr", .old_names = {"matrix_lr"}, .record = "matrix_learning_rate"})),
        of_muon(real_field(&O::momentum, kMemoryRange, {.name = "momentum", .help = "Muon's memory of the gradient", .group = training, .record = "momentum"})),
        real_field(&O::warmup, kShareRange, {.name = "warmup", .help = "share of the steps with a rising rate", .group = training, .record = "warmup", .is_schedule = true}),
        real_field(&O::decay, kShareRange, {.name = "decay", .help = "share of the steps, at the end, with a falling rate", .group = training, .record = "decay", .is_schedule = true}),
        real_field(&O::beta1, kMemoryRange, {.name = "beta1", .help = "AdamW's memory of the gradient", .group = training, .record = "beta1"}),
        real_field(&O::beta2, kMemoryRange, {.name = "beta2", .help = "AdamW's memory of its square", .group = training, .record = "beta2"}),
        real_field(&O::epsilon, {1e-30, 1}, {.name = "epsilon", .help = "AdamW's epsilon", .group = training, .record = "epsilon"}),
        real_field(&O::weight_decay, {0, 1000}, {.name = "weight_decay", .help = "on matrices", .group = training, .record = "weight_decay"}),
        real_field(&O::clip, {0, 1e30}, {.name = "clip", .help = "greatest norm of the gradient; 0: none", .group = training, .record = "clip"}),
        whole_field(&O::validate_every, kStepRange, {.name = "validate_every", .help = "steps between validations", .shown_default = "a twentieth of the run", .group = training, .record = "validate_every", .is_schedule = true}),
        whole_field(&O::validation_bytes, kValidationRange, {.name = "validation_bytes", .help = "bytes read of the validation data", .group = training, .record = "validation_bytes", .is_schedule = true}),
        whole_field(&O::save_every, kStepRange, {.name = "save_every", .help = "steps between saved states", .shown_default = "about every 2 minutes", .group = training, .is_of_process = true}),
        whole_field(&O::sample_every, kStepRange, {.name = "sample_every", .help = "steps between texts that the model writes, on standard error; changes no bit", .shown_default = "none", .group = training, .is_of_process = true}),
        whole_field(&O::sample_bytes, {1, 65536}, {.name = "sample_bytes", .help = "bytes of such a text", .group = training, .is_of_process = true}),
        text_field(&O::sample_prompt, {.name = "sample_prompt", .help = "what the model reads first", .type = "TEXT", .group = training, .is_of_process = true}),
        whole_field(&O::diverged_after, kStepRange, {.name = "diverged_after", .help = "stop after so many steps in a row that cost 1.25 times as much as no model; 0: never", .group = training, .is_of_process = true}),
        // Tests of resume need a stop at a known step.
        whole_field(&O::stop_after_steps, kStepRange, {.name = "stop_after_steps", .help = "save and stop early", .is_hidden = true, .is_of_process = true}),
    };
    // clang-format on
    // Behind the preset, as records have them.
    auto place = std::find_if(fields.begin(), fields.end(),
                              [](const Field<O>& field) { return field.info.name == "weight_format"; });
    for (const Field<ModelConfig>& field : model_fields()) {
        Field<O> written = lifted(field, &O::config);
        written.read = {};
        written.check = {};  // validate()
        place = fields.insert(place, std::move(written)) + 1;
    }
    return fields;
}

}  // namespace

const Fields<TrainOptions>& train_fields() {
    static const Fields<TrainOptions> fields = make_fields();
    return fields;
}

}  // namespace bitlaw::train
