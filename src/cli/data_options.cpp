#include <CLI/CLI.hpp>

#include "bitlaw/base/error.hpp"
#include "option_kinds.hpp"

namespace bitlaw::cli {

void add_data(FieldOptions& options, DataArguments& a) {
    App& app = options.app();
    text_option(
        app, "kind",
        [&a](const std::string& text) {
            if (text != "images" && text != "audio" && text != "text" && text != "random") {
                fail_usage("'", text, "' is no kind of data; choose images, audio, text or random");
            }
            a.kind = text;
        },
        "", "images, audio, text or random")
        ->type_name("KIND")
        ->required();
    files_option(app, "files", a.inputs, "files, and folders with all that is below them");
    name_option(app, "-o,--output", a.output, "OUT", "the set; OUT.json is its manifest")->required();
    number_option(app, "--skip", a.skip, "files to leave out at the front of the sorted list", "0");
    number_option(app, "--first", a.first, "files to take of the rest", "all", {1});
    number_option(app, "--bits", a.bits, "audio: 8 or 16 bits a sample", "8", {8, 16});
    number_option(app, "--bytes", a.bytes, "random: how many", "", {1, std::uint64_t{1} << 40});
    number_option(app, "--seed", a.seed, "random: of the generator", "1");
    app.add_flag("--strict", a.strict, "make nothing when a file cannot be used");
    app.add_flag("-f,--force", a.force, "overwrite OUT and its manifest");
    add_common(options, a.common, false);
}

}  // namespace bitlaw::cli
