package vm

import (
	"fmt"
	"strings"
	"time"
)

// strftime formats as C does in the C locale. An unknown conversion is copied.
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if !conversion(&b, format[i], t) {
			b.WriteByte('%')
			b.WriteByte(format[i])
		}
	}
	return b.String()
}

// layouts are the conversions that are a layout of package time.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006",
	'd': "02", 'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'm': "01", 'M': "04",
	'p': "PM", 'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05",
	'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

func conversion(b *strings.Builder, verb byte, t time.Time) bool {
	if layout, ok := layouts[verb]; ok {
		b.WriteString(t.Format(layout))
		return true
	}
	isoYear, isoWeek := t.ISOWeek()
	weekday := int(t.Weekday())
	switch verb {
	case '%':
		b.WriteByte('%')
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'C':
		fmt.Fprintf(b, "%02d", t.Year()/100)
	case 'G':
		fmt.Fprintf(b, "%d", isoYear)
	case 'g':
		fmt.Fprintf(b, "%02d", isoYear%100)
	case 'j':
		fmt.Fprintf(b, "%03d", t.YearDay())
	case 's':
		fmt.Fprintf(b, "%d", t.Unix())
	case 'u':
		fmt.Fprintf(b, "%d", (weekday+6)%7+1)
	case 'U':
		fmt.Fprintf(b, "%02d", (t.YearDay()+6-weekday)/7)
	case 'V':
		fmt.Fprintf(b, "%02d", isoWeek)
	case 'w':
		fmt.Fprintf(b, "%d", weekday)
	case 'W':
		fmt.Fprintf(b, "%02d", (t.YearDay()+6-(weekday+6)%7)/7)
	default:
		return false
	}
	return true
}
