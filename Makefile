# bitlaw. `make help` lists what can be made; variables are set as in `make SAN=address test`.

SHELL := /bin/bash
, := ,
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# ---- Settings -------------------------------------------------------------------------------------------------------

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
DEBUG   ?=
V       ?=
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)

ifneq ($(filter-out address undefined thread,$(SAN)),)
$(error SAN=$(SAN) is not known; use SAN=address, SAN=undefined or SAN=thread)
endif

# gcc's OpenMP library synchronises in ways that its thread sanitizer does not see, and every parallel region would be
# reported. clang's library tells it (libarcher.so, an OpenMP tool that is loaded when the sanitizer is present).
ifeq ($(origin CXX),default)
CXX := $(if $(filter thread,$(SAN)),clang++-14,g++)
endif
MACHINE := $(shell $(CXX) -dumpmachine 2>/dev/null)
ifeq ($(SAN),thread)
export TSAN_OPTIONS ?= ignore_noninstrumented_modules=1
endif

VARIANT := $(subst $() ,-,$(strip $(SAN) $(if $(DEBUG),debug) $(if $(FUZZ),fuzz)))
OUT     := $(BUILD)$(if $(FUZZ),,$(addprefix /,$(VARIANT)))
FUZZ_CXX ?= clang++-14

# Exact arithmetic: no contraction, never -ffast-math, and no -march for anything but the kernels of that set.
OPTIMIZE := $(if $(VARIANT),-O1,-O2) $(if $(DEBUG),-D_GLIBCXX_ASSERTIONS -fno-omit-frame-pointer)
# Instrumented and lightly optimised code draws warnings that are false; they are shown there, but do not stop.
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wpedantic \
            $(if $(VARIANT),,-Werror)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer) \
            $(if $(filter undefined,$(SAN)),-fno-sanitize-recover=all) \
            $(if $(FUZZ),-fsanitize=address$(,)undefined$(,)fuzzer-no-link -fno-sanitize-recover=all)
CPPFLAGS += -Iinclude -isystem /usr/include/eigen3
# Two builds give the same bytes wherever they lie: no path of theirs stands in an object (debuggers find sources from
# the project's folder). The shell's PWD may be a symbolic link, which the compiler would write down.
export PWD := $(CURDIR)
NO_PATHS := $(if $(VARIANT),,'-ffile-prefix-map=$(CURDIR)=.')
# One set of objects for the tool and the shared library, which shows nothing but its C interface.
SHARED   := -fPIC -fvisibility=hidden -fvisibility-inlines-hidden
CXXFLAGS += -std=c++20 $(OPTIMIZE) -g -ffp-contract=off -fno-math-errno $(SHARED) $(NO_PATHS) $(WARNINGS) -fopenmp $(SANITIZE)
LDFLAGS  += -fopenmp $(SANITIZE)
# xxhash, Eigen, cereal, nlohmann-json and CLI11 are headers only; fmt writes numbers for people. Pictures and sound are read by src/datasets, compressors measured by
# src/baselines.
LDLIBS   += -lfmt -lpng -ljpeg -lFLAC -lz -lbz2 -llzma -lzstd -lbrotlienc -lbrotlidec -ljxl

# ---- Sources --------------------------------------------------------------------------------------------------------

# The core needs no compressor's library, so that it can be cross-compiled with a compiler alone.
sources_of  = $(foreach layer,$(1),$(sort $(wildcard src/$(layer)/*.cpp src/$(layer)/*/*.cpp)))
X86_KERNELS := $(wildcard src/kernels/*_avx2.cpp src/kernels/*_avx512.cpp src/kernels/*_avx512bf16.cpp)
CORE_SOURCES := $(filter-out $(if $(filter x86_64%,$(MACHINE)),,$(X86_KERNELS)), \
                  $(call sources_of,base entropy symbols kernels model learn predict train coding))
LIBRARY_SOURCES   := $(CORE_SOURCES) $(call sources_of,format datasets baselines laws interop table studies)
CAPI_SOURCES      := $(sort $(wildcard src/capi/*.cpp))
# Two files say how ranks reach each other; the tool with MPI has the second in place of the first.
ALONE_SOURCE      := src/cli/rank_link.cpp
MPI_SOURCE        := src/cli/rank_link_mpi.cpp
CLI_SOURCES       := $(filter-out $(MPI_SOURCE),$(sort $(wildcard src/cli/*.cpp)))
TEST_SOURCES      := $(sort $(wildcard tests/*.cpp))
SIGNATURE_SOURCES := $(wildcard tests/signature/*.cpp)
GOLDEN_SOURCES    := $(wildcard tests/golden/*.cpp)
FUZZ_SOURCES      := $(wildcard tests/fuzz/*.cpp)

object_of = $(patsubst %.cpp,$(OUT)/objects/%.o,$(1))
LIBRARY   := $(OUT)/libbitlaw.a
BINARY    := $(OUT)/bitlaw
MPI_BINARY := $(OUT)/mpi/bitlaw
SONAME    := libbitlaw.so.0
LIBBITLAW := $(OUT)/libbitlaw.so
STATIC    := $(OUT)/static/libbitlaw.a
TESTS     := $(OUT)/bitlaw_tests
SIGNATURE := $(OUT)/bitlaw_signature
GOLDEN    := $(OUT)/bitlaw_golden
OBJECTS   := $(call object_of,$(LIBRARY_SOURCES) $(CAPI_SOURCES) $(CLI_SOURCES) $(MPI_SOURCE) $(TEST_SOURCES) $(SIGNATURE_SOURCES) $(GOLDEN_SOURCES) $(FUZZ_SOURCES))

# Only these files may use instructions that not every machine has; src/kernels/isa.cpp chooses at start.
KERNEL_FLAGS := $(if $(VARIANT),-O1,-O3)
AVX2_FLAGS   := -mavx2 -mfma
AVX512_FLAGS := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mprefer-vector-width=512
BF16_FLAGS   := $(AVX512_FLAGS) -mavx512bf16
# Kernels take minutes to compile with sanitizers, read no file, and are tested with sanitizers elsewhere.
$(OUT)/objects/src/kernels/%: CXXFLAGS += $(KERNEL_FLAGS) $(if $(FUZZ),-fno-sanitize=all)
$(OUT)/objects/src/kernels/%_avx2.o: CXXFLAGS += $(AVX2_FLAGS)
$(OUT)/objects/src/kernels/%_avx512.o: CXXFLAGS += $(AVX512_FLAGS)
$(OUT)/objects/src/kernels/%_avx512bf16.o: CXXFLAGS += $(BF16_FLAGS)

$(OUT)/objects/tests/%: CPPFLAGS += -Itests

# OpenMPI, where it is: the tool for ranks is a program of its own, so that the other needs no MPI to run.
HAS_MPI     := $(shell command -v mpicxx >/dev/null && mpicxx --showme:version 2>/dev/null | grep -c 'Open MPI')
MPI_FLAGS    = $(patsubst -I%,-isystem %,$(filter -I%,$(shell mpicxx --showme:compile))) -DOMPI_SKIP_MPICXX
MPI_LINK     = $(filter-out -lmpi_cxx,$(shell mpicxx --showme:link))
ifneq ($(MPI),)
ifeq ($(filter-out 0,$(HAS_MPI)),)
$(error MPI=$(MPI) needs OpenMPI; type: apt-get install openmpi-bin libopenmpi-dev)
endif
endif
$(OUT)/objects/src/cli/rank_link_mpi.o: CPPFLAGS += $(MPI_FLAGS)

# ---- Main targets ---------------------------------------------------------------------------------------------------

.PHONY: all help demo test test-laws test-large test-cluster test-reproducible golden fuzz bench signature signature-arm64 deps deps-check format tidy odr clean install uninstall man programs settings

all:  ## build the tool (build/bitlaw) and its libraries
	+@$(PARALLEL_MAKE) settings $(LIBRARY) $(if $(CLI_SOURCES),$(BINARY)) $(if $(MPI),$(MPI_BINARY)) $(LIBBITLAW) $(STATIC)

demo: deps  ## train a small model, compress held-out text with it, restore it, draw the figure
	+@$(PARALLEL_MAKE) $(BINARY)
	@BITLAW=$(abspath $(BINARY)) experiments/demo/demo.sh

test: deps  ## build and run all tests; the last line is "N passed, N failed" (TEST=word: only those with the word)
	+@$(PARALLEL_MAKE) programs
	@tests/run.sh $(OUT) $(TEST)

test-laws: deps  ## intervals of every form of law on 100 synthetic studies each (`make test` has 10); takes a minute
	+@$(PARALLEL_MAKE) programs
	@BITLAW_LAW_STUDIES=100 $(TESTS) --source-file='*laws_form_studies*' --no-colors

test-large:  ## more than 4 GiB through pipes and files, 40 GB of training data (a hole); takes minutes and 4.5 GB of TMPDIR
	+@$(PARALLEL_MAKE) $(BINARY)
	@tests/large/large.sh $(OUT)

test-cluster:  ## training by up to 8 ranks, and a study on a real Slurm (as root; installs openmpi-bin, libopenmpi-dev, slurm-wlm and munge)
	@missing=; command -v mpicxx >/dev/null || missing="openmpi-bin libopenmpi-dev"; \
	command -v slurmctld >/dev/null && command -v munged >/dev/null || missing="$$missing slurm-wlm munge"; \
	if [[ -n "$$missing" ]]; then \
	    echo "bitlaw: installing $$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	        apt-get install -y -qq --no-install-recommends $$missing </dev/null >/dev/null || exit 1; \
	fi
	+@$(PARALLEL_MAKE) MPI=1 all
	@failed=0; export BITLAW=$(abspath $(BINARY)); \
	RANKS="1 2 3 4 8" tests/cli/ranks.sh || failed=1; tests/cluster/slurm.sh || failed=1; exit $$failed

test-reproducible:  ## build twice, in two folders, and compare every byte; takes as long as two builds
	+@tests/reproducible/reproducible.sh

golden:  ## make the archives of tests/golden anew, for a new format or arithmetic version
	+@$(PARALLEL_MAKE) $(BINARY) $(GOLDEN)
	@tests/golden/regenerate.sh $(OUT)
	@BITLAW=$(BINARY) tests/cli/expected.sh --update

fuzz:  ## build the libFuzzer programs with clang and both sanitizers, and run each for FUZZ_SECONDS (default 60)
	+@$(PARALLEL_MAKE) CXX="$(FUZZ_CXX)" BUILD=$(BUILD)/fuzz FUZZ=1 fuzz-programs
	@tests/fuzz/run.sh $(BUILD)/fuzz $(or $(FUZZ_SECONDS),60)

bench:  ## measure speed as a share of this machine's peak, beside other libraries (QUICK=1: a part, in a minute)
	+@$(PARALLEL_MAKE) $(BINARY)
	@BITLAW=$(abspath $(BINARY)) experiments/00-speed/run.sh $(if $(QUICK),--quick)

signature:  ## check the committed hashes for every instruction set and 1, 2, 3 threads
	+@$(PARALLEL_MAKE) $(SIGNATURE)
	@tests/signature/check.sh $(SIGNATURE)

signature-arm64:  ## the same, cross-compiled for ARM and run by qemu-aarch64
	@command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null || \
	    { echo "bitlaw: needs apt-get install g++-aarch64-linux-gnu qemu-user" >&2; exit 1; }
	@$(MAKE) --no-print-directory CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar BUILD=$(BUILD)/arm64 \
	    signature-program
	@RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" tests/signature/check.sh $(BUILD)/arm64/bitlaw_signature

MODELS = $(wildcard checkpoints/*.blm)
HEADERS = include/bitlaw/bitlaw.h
PACKAGE = src/python/bitlaw
# Where Debian's Python looks below /usr/local.
PYTHON_FOLDER = lib/$(or $(shell python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])' 2>/dev/null),python3)/dist-packages/bitlaw
# Not from the environment, where the name may mean a program.
STRIP = -s
TARGET = "$(DESTDIR)$(PREFIX)"
OBJCOPY ?= objcopy

VERSION   = $(shell sed -n 's/.*kVersion = "\(.*\)";/\1/p' include/bitlaw/base/version.hpp)
FILLED_IN = sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|'
INSTALLED = bin/bitlaw lib/$(SONAME) lib/libbitlaw.so lib/libbitlaw.a include/bitlaw/bitlaw.h lib/pkgconfig/bitlaw.pc \
            lib/cmake/bitlaw/bitlaw-config.cmake lib/cmake/bitlaw/bitlaw-config-version.cmake \
            share/bash-completion/completions/bitlaw share/zsh/site-functions/_bitlaw \
            share/fish/vendor_completions.d/bitlaw.fish share/misc/bitlaw.magic share/mime/packages/bitlaw.xml \
            $(patsubst docs/man/%,share/man/man1/%,$(wildcard docs/man/*.1)) $(addprefix share/bitlaw/,$(notdir $(MODELS))) \
            $(addprefix $(PYTHON_FOLDER)/,$(notdir $(wildcard $(PACKAGE)/*.py)) py.typed)

install:  ## copy tool, libraries, Python package, manual pages, completions, file types and models to PREFIX (default /usr/local; DESTDIR is put in front; STRIP= keeps what debuggers need)
	+@$(PARALLEL_MAKE) $(BINARY) $(LIBBITLAW) $(STATIC)
	+@$(MAKE) --no-print-directory install-files

# What is built already.
install-files:
	install $(STRIP) -D -m 755 "$(BINARY)" $(TARGET)/bin/bitlaw
	install $(STRIP) -D -m 644 "$(LIBBITLAW)" $(TARGET)/lib/$(SONAME)
	ln -sf $(SONAME) $(TARGET)/lib/libbitlaw.so
	install -m 644 "$(STATIC)" $(TARGET)/lib/libbitlaw.a
	$(if $(STRIP),$(OBJCOPY) --strip-debug $(TARGET)/lib/libbitlaw.a)
	install -D -m 644 $(HEADERS) $(TARGET)/include/bitlaw/bitlaw.h
	install -d $(TARGET)/lib/pkgconfig $(TARGET)/lib/cmake/bitlaw $(TARGET)/share/bitlaw $(TARGET)/share/man/man1
	$(FILLED_IN) packaging/bitlaw.pc.in >$(TARGET)/lib/pkgconfig/bitlaw.pc
	$(FILLED_IN) packaging/bitlaw-config-version.cmake.in >$(TARGET)/lib/cmake/bitlaw/bitlaw-config-version.cmake
	install -m 644 packaging/bitlaw-config.cmake $(TARGET)/lib/cmake/bitlaw
	install -m 644 docs/man/*.1 $(TARGET)/share/man/man1
	install -D -m 644 packaging/bitlaw.magic $(TARGET)/share/misc/bitlaw.magic
	install -D -m 644 packaging/bitlaw.xml $(TARGET)/share/mime/packages/bitlaw.xml
	install -d $(TARGET)/share/bash-completion/completions $(TARGET)/share/zsh/site-functions $(TARGET)/share/fish/vendor_completions.d
	"$(BINARY)" completion bash >$(TARGET)/share/bash-completion/completions/bitlaw
	"$(BINARY)" completion zsh >$(TARGET)/share/zsh/site-functions/_bitlaw
	"$(BINARY)" completion fish >$(TARGET)/share/fish/vendor_completions.d/bitlaw.fish
	install -d $(TARGET)/$(PYTHON_FOLDER)
	install -m 644 $(PACKAGE)/*.py $(PACKAGE)/py.typed $(TARGET)/$(PYTHON_FOLDER)
	$(if $(MODELS),install -m 644 $(MODELS) $(TARGET)/share/bitlaw)
.PHONY: install-files

uninstall:  ## remove what install copied; models that are not in checkpoints stay
	rm -f $(foreach file,$(INSTALLED),$(TARGET)/$(file))
	rm -rf $(TARGET)/$(PYTHON_FOLDER)/__pycache__
	-rmdir $(TARGET)/include/bitlaw $(TARGET)/lib/cmake/bitlaw $(TARGET)/share/bitlaw $(TARGET)/$(PYTHON_FOLDER)

man:  ## make the manual pages anew from docs/man/bitlaw.1.in and the commands' help
	+@$(PARALLEL_MAKE) $(BINARY)
	docs/man/generate.sh $(BINARY) docs/man

format:  ## format all sources with clang-format
	clang-format -i $$(find include src tests -name '*.[ch]pp' -o -name '*.inl')

tidy:  ## run clang-tidy over the library and the tool
	clang-tidy --quiet $(filter-out $(X86_KERNELS),$(LIBRARY_SOURCES)) $(CLI_SOURCES) -- \
	    -std=c++20 -Iinclude -isystem /usr/include/eigen3 -fopenmp

odr:  ## link tool and tests with -flto, which sees two definitions of one name (-Wodr)
	+@$(PARALLEL_MAKE) BUILD=$(BUILD)/odr OPTIMIZE="-O0 -flto" WARNINGS="-Wodr -Wlto-type-mismatch -Werror" \
	    LDFLAGS="-fopenmp -O0 -flto -Wodr -Wlto-type-mismatch -Werror" programs

clean:  ## remove everything that was built
	rm -rf $(BUILD)

help:  ## this list
	@echo "Targets:"
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done
	@echo "Variables:"
	@echo "  SAN=address|undefined|thread  with a sanitizer, in $(BUILD)/SAN"
	@echo "  MPI=1       also $(BUILD)/mpi/bitlaw, whose train and bench share work among ranks (needs OpenMPI)"
	@echo "  DEBUG=1     for the debugger, in $(BUILD)/debug     BUILD=DIR  another folder than build"
	@echo "  JOBS=N      compile with N processes                V=1        show the commands"
	@echo "  CXX=...     another compiler                        PREFIX=DIR DESTDIR=DIR  for install"

# ---- Rules ----------------------------------------------------------------------------------------------------------

# Parallel by default: a newcomer types no -j. A -j on the command line counts instead.
PARALLEL_MAKE = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
QUIET         = $(if $(V),,@echo "  $(1)";)

settings: deps-check
	@echo "bitlaw: $$($(CXX) --version | head -n 1) | $(MACHINE) | $(or $(VARIANT),release) in $(OUT) |" \
	    "$(strip $(CXXFLAGS)) | $(LDLIBS)"

programs: $(if $(CLI_SOURCES),$(BINARY)) $(if $(filter-out 0,$(HAS_MPI)),$(if $(SAN),,$(MPI_BINARY))) $(LIBBITLAW) $(STATIC) $(TESTS) $(if $(SIGNATURE_SOURCES),$(SIGNATURE))
signature-program: $(SIGNATURE)
.PHONY: signature-program

# Remade from nothing, so that objects of deleted sources do not stay inside.
$(LIBRARY): $(call object_of,$(LIBRARY_SOURCES))
	$(call QUIET,AR   $@)rm -f $@ && $(AR) rcsD $@ $^

# The core only: no OpenMP but the compiler's, no third-party library.
$(LIBBITLAW): $(call object_of,$(CAPI_SOURCES) $(CORE_SOURCES)) src/capi/exports.map
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=src/capi/exports.map \
	    -o $@ $(filter %.o,$^)
	@ln -sf $(@F) $(@D)/$(SONAME)

# The same for programs that link statically: one object in which all but the C interface is local.
$(STATIC): $(call object_of,$(CAPI_SOURCES) $(CORE_SOURCES))
	@mkdir -p $(@D)
	$(call QUIET,AR   $@)rm -f $@ && $(LD) -r -o $(@:.a=.o) $^ && \
	    $(OBJCOPY) --localize-hidden $(@:.a=.o) && $(AR) rcsD $@ $(@:.a=.o) && rm $(@:.a=.o)

$(BINARY): $(call object_of,$(CLI_SOURCES)) $(LIBRARY)
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(MPI_BINARY): $(call object_of,$(filter-out $(ALONE_SOURCE),$(CLI_SOURCES)) $(MPI_SOURCE)) $(LIBRARY)
	@mkdir -p $(@D)
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(MPI_LINK)

$(TESTS): $(call object_of,$(TEST_SOURCES)) $(LIBRARY)
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(GOLDEN): $(call object_of,$(GOLDEN_SOURCES)) $(LIBRARY)
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The core, and what reads foreign files, which fuzzing rebuilds with another compiler.
fuzz-programs: $(patsubst tests/fuzz/%.cpp,$(OUT)/%,$(FUZZ_SOURCES))
.PHONY: fuzz-programs
$(OUT)/%_fuzz: $(OUT)/objects/tests/fuzz/%_fuzz.o $(call object_of,$(CORE_SOURCES) $(call sources_of,interop))
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^

$(SIGNATURE): $(call object_of,$(SIGNATURE_SOURCES) $(CORE_SOURCES))
	$(call QUIET,LINK $@)$(CXX) $(LDFLAGS) -o $@ $^

$(OUT)/objects/%.o: %.cpp $(OUT)/settings.txt | settings
	@mkdir -p $(@D)
	$(call QUIET,CXX  $<)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Holds compiler and flags; touched only when they change, and then everything is compiled again.
SETTINGS := $(CXX) $(MACHINE) $(CPPFLAGS) $(CXXFLAGS) | $(KERNEL_FLAGS) | $(AVX2_FLAGS) | $(BF16_FLAGS)
$(OUT)/settings.txt: ALWAYS
	@mkdir -p $(@D)
	@[[ -f $@ && "$$(<$@)" == "$(SETTINGS)" ]] || echo "$(SETTINGS)" > $@
.PHONY: ALWAYS

-include $(OBJECTS:.o=.d)

# ---- What must be installed -----------------------------------------------------------------------------------------

# header=package and command=package (Debian 12). The demo and bitlaw table draw with gnuplot; nothing is compiled
# with it. The core (make signature-arm64) does without the packages of the layers above it.
OUTER_PACKAGES  := png.h=libpng-dev jpeglib.h=libjpeg-dev FLAC/stream_decoder.h=libflac-dev zlib.h=zlib1g-dev \
                   bzlib.h=libbz2-dev lzma.h=liblzma-dev zstd.h=libzstd-dev brotli/encode.h=libbrotli-dev \
                   jxl/encode.h=libjxl-dev nlohmann/json.hpp=nlohmann-json3-dev fmt/core.h=libfmt-dev
HEADER_PACKAGES := Eigen/Core=libeigen3-dev cereal/cereal.hpp=libcereal-dev CLI/CLI.hpp=libcli11-dev \
                   doctest/doctest.h=doctest-dev xxhash.h=libxxhash-dev \
                   $(if $(filter signature-program,$(MAKECMDGOALS)),,$(OUTER_PACKAGES)) \
                   $(if $(filter thread,$(SAN)),omp.h=libomp-14-dev)
COMPILER        := $(firstword $(CXX))
TOOL_PACKAGES   := $(COMPILER)=$(if $(filter clang++%,$(COMPILER)),$(COMPILER:clang++%=clang%),g++)
DEMO_PACKAGES   := gnuplot=gnuplot-nox curl=curl bzip2=bzip2 xz=xz-utils zstd=zstd 7z=p7zip-full
# Shells and programs that tests ask; a test says so where one is missing.
TEST_PACKAGES   := $(if $(filter demo,$(MAKECMDGOALS)),,zsh=zsh fish=fish pkg-config=pkgconf cmake=cmake file=file \
                   update-mime-database=shared-mime-info)

# Prints the packages of the given commands, and of the headers, that are missing. All headers are looked up in one run
# of the preprocessor, which costs a few milliseconds; without a compiler every one of them counts as missing.
define missing_packages
{ for pair in $(1); do command -v "$${pair%%=*}" >/dev/null || echo "$${pair#*=}"; done; \
  for pair in $(HEADER_PACKAGES); do \
      printf '#if !__has_include(<%s>)\nMISSING=%s\n#endif\n' "$${pair%%=*}" "$${pair#*=}"; \
  done | if command -v $(COMPILER) >/dev/null; then $(CXX) $(CPPFLAGS) $(CXXFLAGS) -E -P -x c++ -; else cat; fi | \
      sed -n 's/ //g; s/^MISSING=//p'; } | sort -u | tr '\n' ' '
endef

deps:  ## install the Debian packages that are missing (as root), or say what to type
	@missing=$$($(call missing_packages,$(TOOL_PACKAGES) $(DEMO_PACKAGES) $(TEST_PACKAGES))); \
	if [[ -z "$$missing" ]]; then exit 0; fi; \
	if [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null; then \
	    echo "bitlaw: installing $$missing"; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing </dev/null >/dev/null; \
	else \
	    echo "bitlaw: packages are missing; type: sudo apt-get install --no-install-recommends $$missing" >&2; \
	    exit 1; \
	fi

deps-check:
	@missing=$$($(call missing_packages,$(TOOL_PACKAGES))); [[ -z "$$missing" ]] || { \
	    echo "bitlaw: packages are missing; type: make deps (as root), or" \
	        "sudo apt-get install --no-install-recommends $$missing" >&2; exit 1; }
