package client

import "strings"

// Netrc holds the logins of a netrc file. It is a CredentialSource.
type Netrc struct {
	machines map[string]Basic
	fallback *Basic // the default entry
}

// ParseNetrc reads the text of a netrc file. Words it does not know are
// passed over, and so are macros and entries without a login.
func ParseNetrc(text string) *Netrc {
	n := &Netrc{machines: map[string]Basic{}}
	words := netrcWords(text)
	var host string
	var login Basic
	open := false // an entry has begun
	store := func() {
		if !open || login == (Basic{}) {
			return
		}
		if host == "" {
			n.fallback = &login
		} else if _, known := n.machines[host]; !known {
			n.machines[host] = login
		}
	}
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "default":
			store()
			host, login, open = "", Basic{}, true
		case i+1 == len(words):
		case words[i] == "machine":
			store()
			host, login, open = strings.ToLower(words[i+1]), Basic{}, true
			i++
		case words[i] == "login":
			login.User = words[i+1]
			i++
		case words[i] == "password":
			login.Password = words[i+1]
			i++
		}
	}
	store()
	return n
}

// netrcWords splits the text at white space; comments are left out, quoted
// words are taken whole, and a macro reaches to the next empty line.
func netrcWords(text string) []string {
	var words []string
	inMacro := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if inMacro {
			inMacro = line != ""
			continue
		}
		for line != "" {
			var word string
			word, line = cutWord(line)
			if strings.HasPrefix(word, "#") && !precededBySecret(words) {
				break
			}
			if word == "macdef" {
				inMacro = true
				break
			}
			words = append(words, strings.Trim(word, `"`))
		}
	}
	return words
}

// precededBySecret reports whether the next word is a value, which may begin
// with "#".
func precededBySecret(words []string) bool {
	return len(words) > 0 && (words[len(words)-1] == "password" || words[len(words)-1] == "login")
}

func cutWord(line string) (word, rest string) {
	if strings.HasPrefix(line, `"`) {
		if end := strings.IndexByte(line[1:], '"'); end >= 0 {
			return line[:end+2], strings.TrimLeft(line[end+2:], " \t")
		}
	}
	word, rest, _ = strings.Cut(line, " ")
	if i := strings.IndexByte(word, '\t'); i >= 0 {
		word, rest = line[:i], line[i+1:]
	}
	return word, strings.TrimLeft(rest, " \t")
}

// Credentials implements CredentialSource: the entry of exactly that host,
// else the default one.
func (n *Netrc) Credentials(host, _ string) (Basic, bool) {
	if b, ok := n.machines[host]; ok {
		return b, true
	}
	if n.fallback != nil {
		return *n.fallback, true
	}
	return Basic{}, false
}
