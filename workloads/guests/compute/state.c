/* A lexer over 8 KiB of text: a state machine driven by a switch, which is built as a jump table. */
#pragma GCC optimize("jump-tables")

#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define TEXT_BYTES 8192

enum state { START, WORD, ZERO, DECIMAL, HEXADECIMAL, FRACTION, EXPONENT, TEXT, ESCAPE, SLASH, REMARK, INVALID, STATES };
enum token { NAME, INTEGER, REAL, LITERAL, OPERATOR, COMMENT, ERROR, TOKENS };

/* What the text is put together from; a piece ends where a token may end. */
static const char *const pieces[] = {
    "alpha ", "x1 ", "_under_score ", "0 ", "42 ", "65535 ", "0x1fe ", "0xdeadbeef ", "3.25 ", "6.02e23 ", "1e9 ",
    "\"text\" ", "\"a \\\"quoted\\\" word\" ", "+ ", "- ", "* ", "/ ", "( ", ") ", "{ ", "} ", "; ", "// remark\n",
    "12ab ", "0xg ", "1.2.3 ",
};
#define PIECES (sizeof pieces / sizeof pieces[0])

static char text[TEXT_BYTES];

/* Fills the text; answers how many tokens it holds. */
static uint64_t compose(void) {
  uint64_t seed = 8;
  uint64_t tokens = 0;
  unsigned at = 0;
  for (;;) {
    const char *piece = pieces[generate_below(&seed, PIECES)];
    unsigned length = 0;
    while (piece[length] != 0) length++;
    if (at + length > TEXT_BYTES) break;
    for (unsigned i = 0; i < length; i++) text[at++] = piece[i];
    tokens++;
  }
  while (at < TEXT_BYTES) text[at++] = ' ';
  return tokens;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static int is_space(char c) { return c == ' ' || c == '\n'; }

uint64_t state_unit(void) {
  uint64_t composed = compose();
  uint64_t tokens[TOKENS] = {0};
  uint64_t entered[STATES] = {0};
  enum state state = START;
  for (unsigned i = 0; i < TEXT_BYTES; i++) {
    char c = text[i];
    enum state next = state;
    switch (state) {
      case START:
        if (is_space(c)) break;
        if (is_letter(c)) next = WORD;
        else if (c == '0') next = ZERO;
        else if (is_digit(c)) next = DECIMAL;
        else if (c == '"') next = TEXT;
        else if (c == '/') next = SLASH;
        else tokens[OPERATOR]++;
        break;
      case WORD:
        if (is_letter(c) || is_digit(c)) break;
        tokens[NAME]++;
        next = START;
        break;
      case ZERO:
        if (c == 'x') next = HEXADECIMAL;
        else if (c == '.') next = FRACTION;
        else if (is_space(c)) { tokens[INTEGER]++; next = START; }
        else next = INVALID;
        break;
      case DECIMAL:
        if (is_digit(c)) break;
        if (c == '.') next = FRACTION;
        else if (c == 'e') next = EXPONENT;
        else if (is_space(c)) { tokens[INTEGER]++; next = START; }
        else next = INVALID;
        break;
      case HEXADECIMAL:
        if (is_digit(c) || (c >= 'a' && c <= 'f')) break;
        if (is_space(c)) { tokens[INTEGER]++; next = START; }
        else next = INVALID;
        break;
      case FRACTION:
        if (is_digit(c)) break;
        if (c == 'e') next = EXPONENT;
        else if (is_space(c)) { tokens[REAL]++; next = START; }
        else next = INVALID;
        break;
      case EXPONENT:
        if (is_digit(c)) break;
        if (is_space(c)) { tokens[REAL]++; next = START; }
        else next = INVALID;
        break;
      case TEXT:
        if (c == '\\') next = ESCAPE;
        else if (c == '"') { tokens[LITERAL]++; next = START; }
        break;
      case ESCAPE:
        next = TEXT;
        break;
      case SLASH:
        if (c == '/') next = REMARK;
        else { tokens[OPERATOR]++; next = START; }
        break;
      case REMARK:
        if (c == '\n') { tokens[COMMENT]++; next = START; }
        break;
      default:
        if (is_space(c)) { tokens[ERROR]++; next = START; }
        break;
    }
    entered[next]++;
    state = next;
  }
  uint64_t digest = 0;
  uint64_t total = 0;
  for (unsigned i = 0; i < STATES; i++) digest = mix_in(digest, entered[i]);
  for (unsigned i = 0; i < TOKENS; i++) {
    digest = mix_in(digest, tokens[i]);
    total += tokens[i];
  }
  if (total != composed) unit_failed();
  return digest;
}
