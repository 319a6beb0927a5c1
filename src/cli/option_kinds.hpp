#pragma once
/// \file Kinds of options, and the options of single commands. CLI11 itself stays in .cpp files.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "bitlaw/base/fields.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bitlaw::cli {

/// Every command is an application of its own: as subcommands of one, files named "list" or "++" would be
/// taken for commands.
using App = CLI::App;

/// CLI11 takes "[a,b]" for a list of "a" and "b", also where it is a file's name. A word that ends in ] gets
/// a mark behind it, which every reader takes away again; so does one that ends in the mark itself, and every
/// word behind "--".
[[nodiscard]] std::string guarded(std::string word);
[[nodiscard]] std::string unguarded(std::string word);

/// Calls read(text). Numbers are read from text here, because CLI11 takes 010 for 8 and knows no K, M, G.
CLI::Option* text_option(App& app, const std::string& names,
                         const std::function<void(const std::string&)>& read,
                         const std::string& shown_default, const std::string& help);

/// Whole numbers of a range.
CLI::Option* number_option(App& app, const std::string& names, std::uint64_t& value, const std::string& help,
                           const std::string& shown_default = {}, WholeRange range = {});
CLI::Option* number_option(App& app, const std::string& names, std::optional<std::uint64_t>& value,
                           const std::string& help, const std::string& shown_default = {},
                           WholeRange range = {});

/// Real numbers of a range.
CLI::Option* real_option(App& app, const std::string& names, double& value, const std::string& help,
                         const std::string& shown_default, RealRange range);

/// --mix: none, fast or full.
CLI::Option* mix_option(App& app, const std::function<void(std::optional<predict::ExpertSet>)>& read,
                        const std::string& help);

CLI::Option* files_option(App& app, const std::string& names, std::vector<std::string>& files,
                          const std::string& help);
CLI::Option* name_option(App& app, const std::string& names, std::string& value, const char* type,
                         const std::string& help);

/// Options that tables of fields describe, on the command line and in the file that one of them names.
class FieldOptions {
   public:
    explicit FieldOptions(App& app) : app_(app) {}
    FieldOptions(const FieldOptions&) = delete;
    FieldOptions& operator=(const FieldOptions&) = delete;

    [[nodiscard]] App& app() { return app_; }
    /// An option under its name, and under older ones that the help does not show.
    void add(const BoundField& field);
    /// The option that names a file of settings.
    void add_file(const std::string& name, const std::string& help);
    /// To be called when the command line was read: reads the file for what it did not give, and throws
    /// UsageError for what is missing or excludes another.
    void finish();

   private:
    App& app_;
    std::vector<BoundField> fields_;
    std::set<std::string> given_;
    std::string file_;
};

/// What every command has: -T, -q, -v and perhaps --json.
void add_common(FieldOptions& options, CommonOptions& common, bool with_json);

/// Runs CLI11 and turns its errors into ours, in one line. Returns the help text when it was asked for.
[[nodiscard]] std::optional<HelpText> parse_words(App& app, int argc, const char* const* argv);

/// compress, decompress, test, list.
void add_archive(FieldOptions& options, ArchiveArguments& arguments);
void add_export(FieldOptions& options, ExportArguments& arguments);
void add_import(FieldOptions& options, ImportArguments& arguments);
void add_data(FieldOptions& options, DataArguments& arguments);
void add_tokenizer(FieldOptions& options, TokenizerArguments& arguments);
void add_table(FieldOptions& options, TableArguments& arguments);
void add_study(FieldOptions& options, StudyArguments& arguments);

}  // namespace bitlaw::cli
