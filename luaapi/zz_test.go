package luaapi
import ("testing";"fmt";"os";"bytes";"io"
"github.com/go-json-experiment/json/jsontext"
)
func TestZZ(t *testing.T) {
	r := NewRegistry()
	for _, n := range []string{"", "get", "timeout", "volley.re.replace", "Response", "decode", "map"} { s,_ := r.Text(n); fmt.Println("=====", n); fmt.Println(s) }
	os.WriteFile("/tmp/ref.md", []byte(r.Markdown()), 0o600)
	os.WriteFile("/tmp/volley.lua", []byte(r.LuaLS()), 0o600)
}
func BenchmarkTokens(b *testing.B) {
	data := jsonDocument()
	b.ReportAllocs()
	for b.Loop() {
		d := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		for { if _, err := d.ReadToken(); err == io.EOF { break } else if err != nil { b.Fatal(err) } }
	}
}
