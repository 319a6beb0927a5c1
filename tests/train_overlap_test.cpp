#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bitlaw/train/overlap.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::train;
using bitlaw::test::holds;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::write_text;

namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

// A folder with a file "text" of 60,000 bytes.
class Texts {
   public:
    Texts() { write_text(folder_ / "text", test::random_text(60'000, 1)); }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] Overlap compare(const std::vector<std::string>& trained,
                                  const std::vector<std::string>& held, std::uint64_t most = kAll) const {
        return overlap_of(Corpus(named(trained)), Corpus(named(held)), most);
    }

   private:
    [[nodiscard]] std::vector<std::string> named(std::vector<std::string> ranges) const {
        for (std::string& range : ranges) {
            range = (folder_ / range).string();
        }
        return ranges;
    }
    TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("overlap: bytes at the same place of one file, by whatever name") {
    const Texts texts;
    CHECK(texts.compare({"text"}, {"text"}).same_place == 60'000);
    CHECK(texts.compare({"text"}, {"text"}).is_most());
    CHECK(texts.compare({"text@:10000"}, {"text@5000:15000"}).same_place == 5000);
    CHECK(texts.compare({"text@:10000", "text@5000:12000"}, {"text@5000:15000"}).same_place == 7000);
    CHECK(texts.compare({"text@:10000"}, {"text@8000:20000"}, 1000).same_place == 1000);
    const Overlap apart = texts.compare({"text@:10000"}, {"text@10000:"});
    CHECK(apart.bytes == 50'000);
    CHECK_FALSE(apart.is_any());
    CHECK(overlap_text(apart, "bytes", "data").empty());
    std::filesystem::create_symlink(texts / "text", texts / "link");
    std::filesystem::create_hard_link(texts / "text", texts / "other");
    for (const char* name : {"link", "other"}) {
        CHECK(texts.compare({"text@:10K"}, {std::string(name) + "@9K:20K"}).same_place == 1000);
    }
    CHECK(holds(overlap_text(texts.compare({"text@:10K"}, {"text@9K:20K"}), "held bytes", "the data"),
                "1,000 of 11,000 held bytes are among the data"));
}

TEST_CASE("overlap: copies, and parts of them, are found by their content") {
    const Texts texts;
    const std::string text = test::random_text(60'000, 1);
    write_text(texts / "copy", text);
    const Overlap copy = texts.compare({"text"}, {"copy"});
    CHECK(copy.same_place == 0);
    CHECK(copy.repeated == 1.0);
    CHECK(copy.is_most());
    CHECK(holds(overlap_text(copy, "held bytes", "the data"),
                "about 100 % of 60,000 held bytes also stand in the data"));
    write_text(texts / "middle",
               test::random_text(300, 2) + text.substr(31'007, 4000) + test::random_text(300, 3));
    const Overlap middle = texts.compare({"copy@1K:"}, {"middle"});
    CHECK(middle.repeated > 0.7);
    CHECK(middle.repeated < 0.98);
    // Half of the held bytes, split over two ranges and over the seam of two pieces that threads work on.
    std::string large = test::random_text(1'040'000, 7) + text + test::random_text(500'000, 8);
    write_text(texts / "large", large);
    write_text(texts / "half", text.substr(0, 30'000) + test::random_text(30'000, 9));
    const Overlap half = texts.compare({"large"}, {"half"});
    CHECK(half.repeated > 0.4);
    CHECK(half.repeated < 0.6);
    CHECK(half.is_any());
    CHECK_FALSE(texts.compare({"large@:1M"}, {"half"}).is_any());
}

TEST_CASE("overlap: runs of equal bytes, short data and empty data are no overlap") {
    const Texts texts;
    const std::string zeros(20'000, '\0');
    write_text(texts / "a", zeros + test::random_text(5000, 4));
    write_text(texts / "b", zeros + test::random_text(5000, 5));
    CHECK_FALSE(texts.compare({"a"}, {"b"}).is_any());
    write_text(texts / "short", "the same");
    write_text(texts / "empty", "");
    CHECK_FALSE(texts.compare({"text", "short"}, {"empty"}).is_any());
    CHECK_FALSE(texts.compare({"empty"}, {"short"}).is_any());
    CHECK(texts.compare({"short"}, {"short"}).is_most());
}
