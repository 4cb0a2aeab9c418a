/* parser.h: the lexical level of the parser, scan.c, for the level of values,
 * parse.c. Functions that give a bool fail with false, when they have written to
 * failure why and where. */
#ifndef STEPPER_PARSER_H
#define STEPPER_PARSER_H

#include "document.h"

struct parser {
	struct heap *h;
	const char *start, *p, *end;
	struct buffer scratch; /* a string with escapes while it is decoded */
	int depth;
	bool ignoring; /* the value will be thrown away: its grammar counts alone */
	struct failure *failure;
};

/* Text of a string: a slice of the body, or of the scratch buffer, which the
 * next string overwrites. */
struct slice {
	const char *text;
	size_t len;
};

/* fail: the place is what was consumed so far. fail_peek: it is the next byte,
 * which cannot stand here, or the end. fail_at: it is the byte before at. */
bool fail(struct parser *ps, const char *reason);
bool fail_peek(struct parser *ps, const char *reason);
bool fail_at(struct parser *ps, const char *at, int kind, const char *reason);
bool fail_memory(struct parser *ps);

/* path_key and path_index put a segment before the failure's path while the
 * recursion unwinds, and give false. */
bool path_key(struct parser *ps, const char *key, size_t len);
bool path_index(struct parser *ps, size_t index);

static inline void skip_space(struct parser *ps)
{
	while (ps->p < ps->end) {
		char c = *ps->p;
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			return;
		ps->p++;
	}
}

/* parse_string reads a string whose opening quote has been consumed. */
bool parse_string(struct parser *ps, struct slice *out);

/* copy_slice makes a copy in a block of its exact length; NULL, and true, for an
 * empty slice. */
bool copy_slice(struct parser *ps, struct slice s, char **copy);

/* skip_number finds the end of a number by JSON's grammar. */
bool skip_number(struct parser *ps);

/* parse_word reads null, true or false, whose first letter has been seen and not
 * consumed. */
bool parse_word(struct parser *ps, const char *word);

#endif
