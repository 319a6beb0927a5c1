#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>

#include "bitlaw/base/file.hpp"
#include "fuzz/foreign_target.hpp"
#include "fuzz/isa_target.hpp"
#include "fuzz/mixing_target.hpp"
#include "fuzz/targets.hpp"
#include "support/threads.hpp"

using namespace bitlaw;
namespace fs = std::filesystem;

// The committed corpus, what the fuzzers have found, and the golden files, through the targets as they are
// fuzzed.
TEST_CASE("fuzz: committed inputs of every target give a result or an Error") {
    const std::map<std::string, void (*)(ByteSpan)> targets{
        {"archive", fuzz::archive_target}, {"model", fuzz::model_target}, {"coder", fuzz::coder_target},
        {"state", fuzz::state_target},     {"isa", fuzz::isa_target},     {"mixing", fuzz::mixing_target},
        {"foreign", fuzz::foreign_target}};
    const test::Threads threads(1);
    const fs::path tests = fs::path(__FILE__).parent_path();
    for (const auto& [name, target] : targets) {
        std::size_t inputs = 0;
        for (const fs::path& folder :
             {tests / "fuzz" / "corpus" / name, tests / "fuzz" / "findings" / name, tests / "golden"}) {
            if (!fs::exists(folder)) {
                continue;
            }
            for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
                CAPTURE(entry.path().string());
                const Bytes input = read_file(entry.path(), 1 << 20);
                REQUIRE_NOTHROW(target(input));
                ++inputs;
            }
        }
        CHECK(inputs > 0);
    }
}
