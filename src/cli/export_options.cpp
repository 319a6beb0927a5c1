#include "bitlaw/base/error.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

using namespace learn;
using namespace model;

namespace {

Field<ExportArguments> weight_format_field() {
    using A = ExportArguments;
    return {{.name = "weight_format",
             .help = text_of("how the weights are stored: ", weight_format_names(),
                             "; int8 is a byte a weight and a scale a row, trellis is levels in few bits, "
                             "quantised its older form"),
             .type = "NAME",
             .old_names = {"model_precision"}},
            FieldKind::choice,
            [](A& a, const Words& words) { a.weight_format = parse_weight_format(only_word(words)); },
            {},
            {},
            {},
            {}};
}

// "0.5%" or "0.005".
Field<ExportArguments> target_loss_field() {
    using A = ExportArguments;
    Field<A> field =
        real_field(&A::target_loss, {1e-5, 1},
                   {.name = "target_loss",
                    .help = "quantise as coarsely as the loss rises by this share: 0.5% or 0.005",
                    .type = "SHARE"});
    field.read = [](A& a, const Words& words) {
        std::string word = only_word(words);
        const bool percent = !word.empty() && word.back() == '%';
        if (percent) {
            word.pop_back();
        }
        a.target_loss = real_value(word, {1e-5, percent ? 100.0 : 1.0}) / (percent ? 100.0 : 1.0);
    };
    return field;
}

const Fields<ExportArguments>& export_fields() {
    using A = ExportArguments;
    static const Fields<A> fields = [] {
        Field<A> output = text_field(&A::output, {.name = "output",
                                                  .help = "the new model file, or folder",
                                                  .type = "OUT",
                                                  .letter = "-o",
                                                  .is_required = true});
        output.read = [](A& a, const Words& words) {
            if (only_word(words).empty() || words.front() == "-") {
                fail_usage("a model is written to a file, which appears when it is complete; name one");
            }
            a.output = words.front();
        };
        return Fields<A>{
            text_field(&A::model, {.name = "model",
                                   .help = "model file or training folder (default: searched for)",
                                   .type = "MODEL",
                                   .letter = "-m"}),
            flag_field(&A::from_state, {.name = "from_state",
                                        .help = "take the weights of a training folder's state.bls, in fp32 "
                                                "as they are trained; the run may be unfinished"}),
            weight_format_field(),
            list_field(&A::seen,
                       {.name = "seen",
                        .help = "the training data, named as for train: a sample of their content goes into "
                                "OUT, by which eval and table tell what the model has read"}),
            real_field(&A::bits, {1, 16},
                       {.name = "bits", .help = "quantise to so many bits a weight, all included"}),
            target_loss_field(),
            text_field(&A::calibrate, {.name = "calibrate",
                                       .help = "text of the model's kind, FILE or FILE@BEGIN:END, that says "
                                               "which weights matter; never the bytes that are reported",
                                       .type = "FILE"}),
            whole_field(&A::calibrate_bytes, {4096, std::uint64_t{1} << 28},
                        {.name = "calibrate_bytes",
                         .help = "its first bytes, which are used; as many behind them measure the loss"}),
            choice_field(&A::feed,
                         {{"none", ErrorFeed::none}, {"rows", ErrorFeed::rows}, {"both", ErrorFeed::both}},
                         {.name = "feed_errors",
                          .help = "weights that make good a rounded one's error: none, those of the same "
                                  "output (rows), or of the same input too (both)"}),
            real_field(&A::bit_weight, {0, 4},
                       {.name = "bit_weight",
                        .help = "what a bit costs beside errors, in squared steps; 0: nearest paths"}),
            flag_field(&A::safetensors, {.name = "safetensors",
                                         .help = "make the folder OUT with config.json and "
                                                 "model.safetensors, for other programs"}),
            output,
            flag_field(&A::force, {.name = "force", .help = "overwrite OUT", .letter = "-f"}),
        };
    }();
    return fields;
}

}  // namespace

void add_export(FieldOptions& options, ExportArguments& a) {
    for (const BoundField& field : bound(export_fields(), a)) {
        options.add(field);
    }
    add_common(options, a.common, false);
}

}  // namespace bitlaw::cli
