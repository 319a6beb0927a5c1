// For x86: denormals are zero and tiny results are flushed (after rounding) for the length of a scope.

class FlushScope {
   public:
    FlushScope() : saved_(_mm_getcsr()) { _mm_setcsr(kFlush); }
    ~FlushScope() { _mm_setcsr(saved_); }
    FlushScope(const FlushScope&) = delete;
    FlushScope& operator=(const FlushScope&) = delete;

   private:
    // All six exceptions masked, rounding to nearest, flush-to-zero (bit 15), denormals-are-zero (bit 6).
    static constexpr unsigned kFlush = 0x1F80U | 0x8000U | 0x0040U;
    unsigned saved_;
};
