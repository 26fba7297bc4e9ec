"""Words that say little alone: when, how many, and what everybody does; English, German, Spanish, French, Portuguese.

They are terms like any other (``stop_words`` are none): they are counted, and tell one concern from another. Only a
name does better without them: "april" is out of date in May, and "found" does not say what.
"""

from __future__ import annotations

_WHEN = """
january february march april june july august september october november december monday tuesday wednesday thursday
friday saturday sunday day days week weeks month months year years morning evening yesterday tomorrow tonight ago
januar februar märz juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag tag tage
tagen woche wochen monat monate monaten jahr jahre jahren gestern morgen
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves
viernes sábado domingo día días semana semanas mes meses año años ayer mañana
janvier février avril mai juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi
samedi dimanche jour jours semaine semaines mois an ans année hier demain
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro segunda terça quarta quinta sexta dia dias
ano anos ontem amanhã
"""
_HOW_MANY = """
three four five six seven eight nine ten eleven twelve dozen hundred thousand first second third next half several
couple bit little lot lots plenty
drei vier fünf sechs sieben acht neun zehn hundert erste ersten zweite zweiten nächste nächsten halbe paar wenig
tres cuatro cinco seis siete ocho nueve diez cien primera primero segundo siguiente próximo poco
trois quatre cinq sept huit neuf dix cent premier première deuxième prochain prochaine moitié
três quatro cinco sete oito nove dez cem primeiro primeira próxima metade pouco
"""
_WHAT_EVERYBODY_DOES = """
able allow allows appear appears ask asked asking asks become becomes began begin brings bring came come comes coming
find finds finding found gave given gives giving happen happened happening happens keeps knew known knows lets look
looked looking looks mean meaning means meant ought perhaps possible possibly prefer probably putting reason right said
saw saying says seeing seen sees show showed showing shown shows somehow somewhere soon sort specific straight takes
taken taking tell told took turn turned turns wanted wants way ways went whole wish wonder certain different exactly
bekomme bekommen finde finden gefunden gekommen gemacht gesagt gesehen gesucht kommt kommen lassen lässt sagt sehe sehen
steht stehen zeigt zeigen möglich möchte würden wäre richtig gleich schnell ganz ganze ganzen
aparece aparecen dice dijo encuentra encuentro encontrar hacen muestra mostrar pasa pasó poder salen sigue siguen
viene vienen posible bueno buena mejor mismo misma
apparaît arrive dit disent donne montre prend reste trouve trouver vient voir vois savoir possible vraiment bon bonne
aparece aparecem diz disse encontro encontrar fazem fica ficam mostra mostrar parece passa pode vem vêm possível mesma
"""

THIN_WORDS = frozenset(" ".join([_WHEN, _HOW_MANY, _WHAT_EVERYBODY_DOES]).split())
"""Of all languages together; a word that another language means something by ("sale", "media") is not among them."""
