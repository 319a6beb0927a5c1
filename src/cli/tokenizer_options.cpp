#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/symbols/pair_merging.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_tokenizer(FieldOptions& options, TokenizerArguments& a) {
    using symbols::TextCut;
    App& app = options.app();
    text_option(
        app, "action",
        [](const std::string& text) {
            if (text != "train") {
                fail_usage("'", text, "' is nothing that is done with tokenizers; choose train");
            }
        },
        "", "train: make a vocabulary of data")
        ->type_name("KIND")
        ->required();
    files_option(app, "--data", a.data,
                 "files to make it of; FILE@BEGIN:END for a range of bytes; folders, patterns and @LIST as "
                 "for train")
        ->required();
    text_option(
        app, "--size",
        [&a](const std::string& text) {
            if (text == "bytes") {
                a.size = std::nullopt;
                return;
            }
            a.size = static_cast<std::uint32_t>(
                whole_value(text, {symbols::kByteSymbols + 1, kMostTrainedVocabulary}));
        },
        text_of(*a.size),
        text_of("symbols, ", symbols::kByteSymbols + 1, " to ", kMostTrainedVocabulary,
                "; bytes: those that occur in the data, any others by an escape"));
    text_option(
        app, "--cut",
        [&a](const std::string& text) {
            Names<TextCut> names;
            for (const TextCut cut : {TextCut::words, TextCut::digits, TextCut::triples, TextCut::none}) {
                names.emplace_back(text_cut_name(cut), cut);
            }
            a.cut = named_value(names, text);
        },
        text_cut_name(a.cut),
        "where no token goes on: words, numbers and signs apart; digits: every digit too; triples: numbers "
        "of three digits, any sign before a word; none: nowhere")
        ->type_name("NAME");
    name_option(app, "-o,--output", a.output, "FILE", "the vocabulary")->required();
    app.add_flag("-f,--force", a.force, "overwrite FILE");
    add_common(options, a.common, false);
}

}  // namespace bitlaw::cli
