package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"

	"volley/runtime/secret"
)

func setOf(values ...string) *secret.Set {
	var s secret.Set
	for _, v := range values {
		s.Add(v)
	}
	return &s
}

func TestMask(t *testing.T) {
	for name, c := range map[string]struct {
		secrets  []string
		in, want string
	}{
		"none":                    {nil, "s3cret", "s3cret"},
		"blank":                   {[]string{"", " \n"}, "a \n b", "a \n b"},
		"as it is":                {[]string{"s3cret"}, "xs3cretx s3cret", "x***x ***"},
		"white space around":      {[]string{"s3cret\n"}, "s3cret", "***"},
		"several":                 {[]string{"s3cret", "pass"}, "pass=s3cret&pass", "***=***&***"},
		"one in another":          {[]string{"cret", "s3cret!"}, "s3cret! s3cret", "*** s3***"},
		"overlapping":             {[]string{"abcdef", "defghi"}, "-abcdefghi-", "-***-"},
		"a short one is a word":   {[]string{"abc", "7"}, "abc abcd xabc (abc) 7 17 éabc abc_ abc", "*** abcd xabc (***) *** 17 éabc abc_ ***"},
		"percent-encoded":         {[]string{"a b/ü&"}, "a%20b%2F%C3%BC%26 a+b%2f%c3%bc%26 a%20b/%C3%BC& a%20b%2F%C3%BC&", "*** *** *** ***"},
		"in JSON":                 {[]string{"a\"b\\<ü"}, `"a\"b\\<ü" "a\"b\\\u003cü" "a\"b\\<\u00fc"`, `"***" "***" "***"`},
		"with slashes in JSON":    {[]string{"a/b/c"}, `a\/b\/c`, `***`},
		"beyond the basic plane":  {[]string{"key😀"}, `key\ud83d\ude00`, `***`},
		"for a terminal":          {[]string{"it's\ta\"b"}, `it's\ta"b`, `***`},
		"in a shell command":      {[]string{"it's\x01a\"b"}, `'it'\''s` + "\x01" + `a"b' $'it\'s\x01a"b' 'f="it'\''s` + "\x01" + `a\"b"'`, `'***' $'***' 'f="***"'`},
		"across lines":            {[]string{"-----\nabc"}, "x-----\nabcx " + `-----\nabc`, "x***x ***"},
		"base64 of a short value": {[]string{"pass"}, base64.StdEncoding.EncodeToString([]byte("pass")), "***"},
	} {
		set := setOf(c.secrets...)
		if got := set.Mask(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := string(set.MaskBytes([]byte("<"), []byte(c.in))); got != "<"+c.want {
			t.Errorf("%s: bytes: %q, want %q", name, got, "<"+c.want)
		}
	}
}

// TestEncodersOfOthers: what the standard library makes of a secret is found.
func TestEncodersOfOthers(t *testing.T) {
	const value = `p&ss "w<rd>/+ü~*'(%`
	set := setOf(value)
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"query":    url.QueryEscape(value),
		"path":     url.PathEscape(value),
		"form":     url.Values{"a": {value}}.Encode()[2:],
		"json":     string(quoted[1 : len(quoted)-1]),
		"userinfo": strings.SplitN(url.UserPassword("u", value).String(), ":", 2)[1],
	} {
		if got := set.Mask("<" + text + ">"); got != "<***>" && !strings.HasPrefix(name, "userinfo") {
			t.Errorf("%s: %s becomes %s", name, text, got)
		}
	}
}

// TestInsideBase64: wherever a secret stands in what is encoded, what remains
// is the same for another secret.
func TestInsideBase64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		one, two := make([]byte, 5+rng.IntN(30)), []byte(nil)
		for i := range one {
			one[i] = byte('!' + rng.IntN(94))
		}
		for _, c := range one {
			two = append(two, '!'+(c-'!'+13)%94)
		}
		before, after := strings.Repeat("u", rng.IntN(7)), strings.Repeat(":", rng.IntN(4))
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			masked := func(value []byte) string {
				return setOf(string(value)).Mask("Basic " + encoding.EncodeToString([]byte(before+string(value)+after)))
			}
			if a, b := masked(one), masked(two); a != b || !strings.Contains(a, "***") {
				t.Fatalf("%q and %q in %q + … + %q: %s and %s", one, two, before, after, a, b)
			}
		}
	}
}

// TestWriter: however the text is cut into writes, the same is written, and
// text that cannot begin a secret is not held back.
func TestWriter(t *testing.T) {
	set := setOf("s3cret-token", "token-7", "abc", "two\nlines")
	const text = "a s3cret-token-7 b s3cret-toke c\nabc xabc abcs3cret-token two\nlines two\nx s3cret-tok"
	want := set.Mask(text)
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := set.Writer(&out)
		for from := 0; from < len(text); from += size {
			piece := text[from:min(from+size, len(text))]
			if n, err := w.Write([]byte(piece)); err != nil || n != len(piece) {
				t.Fatalf("%d, %v", n, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("in pieces of %d: %q, want %q", size, out.String(), want)
		}
	}
	var out bytes.Buffer
	w := set.Writer(&out)
	if _, err := w.Write([]byte("a s3cret-token\nplain text")); err != nil || out.String() != "a ***\nplain text" && out.String() != "a ***\nplain tex" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestWriterOfNothingSecret(t *testing.T) {
	var set secret.Set
	var out bytes.Buffer
	w := set.Writer(&out)
	if _, err := io.WriteString(w, "s3c"); err != nil || out.String() != "s3c" {
		t.Errorf("%q, %v", out.String(), err)
	}
	set.Add("secret")
	if _, err := io.WriteString(w, " secret;"); err != nil || out.String() != "s3c ***;" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterError(t *testing.T) {
	w := setOf("secret").Writer(full{})
	if _, err := io.WriteString(w, "some text\n"); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

// TestAtOnce: secrets come in while others are masked.
func TestAtOnce(t *testing.T) {
	var set secret.Set
	var done sync.WaitGroup
	for g := range 4 {
		done.Go(func() {
			for i := range 200 {
				value := fmt.Sprintf("secret-%d-%d;", g, i)
				set.Add(value)
				if got := set.Mask("is " + value); got != "is ***" {
					t.Errorf("%s", got)
				}
			}
		})
	}
	done.Wait()
}

func TestCleanTextCostsNothing(t *testing.T) {
	set := setOf("s3cret", "x")
	text := strings.Repeat("nothing here, 100% clean ", 100)
	if n := testing.AllocsPerRun(100, func() { _ = set.Mask(text) }); n != 0 {
		t.Errorf("Mask allocates %v times", n)
	}
	var none *secret.Set
	if !none.Empty() || none.Mask(text) != text {
		t.Error("a nil set is not empty")
	}
}

func FuzzMask(f *testing.F) {
	f.Add("s3cret", "a s3cret b", 3)
	f.Add("a&b c", "a%26b+c YSZiIGM=", 1)
	f.Fuzz(func(t *testing.T, value, text string, cut int) {
		set := setOf(value)
		got := set.Mask(text)
		if v := strings.TrimSpace(value); len(v) >= 4 && !strings.Contains("***", v) && strings.Contains(strings.ReplaceAll(got, "***", "\x00"), v) {
			t.Errorf("%q remains in %q", v, got)
		}
		var out bytes.Buffer
		w := set.Writer(&out)
		cut = min(max(cut, 0), len(text))
		for _, piece := range []string{text[:cut], text[cut:]} {
			if _, err := io.WriteString(w, piece); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || out.String() != got {
			t.Errorf("%q cut at %d: %q, want %q", text, cut, out.String(), got)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	text := strings.Repeat(`{"id":12345,"name":"ada lovelace","note":"nothing secret here"}`, 1<<14)
	for _, n := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var set secret.Set
			for i := range n {
				set.Add(fmt.Sprintf("sEcr3t/%d+%d", i, i*i))
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_ = set.Mask(text)
			}
		})
	}
}
