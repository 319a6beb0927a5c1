#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_import(FieldOptions& options, ImportArguments& a) {
    App& app = options.app();
    name_option(app, "source", a.source, "MODEL",
                "a folder with config.json and safetensors, or a .bin file of llama2.c")
        ->required();
    name_option(app, "--tokenizer", a.tokenizer, "FILE",
                "tokenizer.json, SentencePiece's tokenizer.model of byte pairs, or the .bin of llama2.c "
                "(default: the "
                "first or the second in the folder)");
    name_option(app, "-o,--output", a.output, "OUT", "the new model file")->required();
    text_option(
        app, "--weight-format",
        [&a](const std::string& text) { a.weight_format = model::parse_weight_format(text); }, "",
        "how the weights are stored: " + model::weight_format_names() +
            " (default: bf16 where all are, otherwise fp32)")
        ->type_name("NAME");
    text_option(
        app, "--arithmetic",
        [&a](const std::string& text) {
            a.arithmetic = named_value(Names<model::Arithmetic>{{"fp32", model::Arithmetic::fp32},
                                                                {"bf16", model::Arithmetic::bf16}},
                                       text);
        },
        "", "of products with weights: fp32 or bf16 (default: bf16 where all weights are)")
        ->type_name("NAME");
    number_option(app, "--start", a.start, "the token before a context, where the files do not say", "",
                  {0, symbols::kMaxVocabulary - 1});
    number_option(app, "--context", a.context, "tokens that a position sees", "the model's", {1});
    app.add_flag("-f,--force", a.force, "overwrite OUT");
    add_common(options, a.common, false);
}

}  // namespace bitlaw::cli
