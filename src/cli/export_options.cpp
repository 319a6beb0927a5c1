#include "bitlaw/base/error.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

using namespace model;

namespace {

const Fields<ExportArguments>& export_fields() {
    using A = ExportArguments;
    static const Fields<A> fields = [] {
        Field<A> output = text_field(&A::output, {.name = "output",
                                                  .help = "the new model file",
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
            choice_field(&A::weight_format, weight_format_choices(),
                         {.name = "weight_format",
                          .help = text_of("how the weights are stored: ", weight_format_names(),
                                          " (a byte a weight, a scale a row)"),
                          .old_names = {"model_precision"},
                          .is_required = true}),
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
